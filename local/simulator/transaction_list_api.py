"""The transaction list endpoint: one page of the list, newest first, or a scripted fault instead of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from local.simulator.auth import authenticated
from local.simulator.envelope import list_row
from local.simulator.gateway import GATEWAY, Gateway
from local.simulator.request_parsing import RefusedError
from local.simulator.responses import response_for
from local.simulator.transaction_index import CursorError, DayRange, ListOverride, Page

if TYPE_CHECKING:
    from aiohttp import web

    from local.simulator.exact_json import Json


async def transactions(request: web.Request) -> web.StreamResponse:
    gateway, mode, query = request.app[GATEWAY], request.match_info["mode"], request.query
    gateway.traffic.add_list_request(mode, query)
    authenticated(request, gateway.keyring)
    span = DayRange(_day(query, "transaction_start_date"), _day(query, "transaction_end_date"))
    cursor = query.get("nextCursor") or query.get("prevCursor")
    behaviour = gateway.scripted.take_page(cursor)
    await gateway.hold_if_stalled(behaviour, None, None)
    try:
        page = gateway.transactions.index.page(
            mode, span, gateway.switches.page_size, query.get("nextCursor") or None, query.get("prevCursor") or None
        )
    except CursorError:
        raise RefusedError(422, "Invalid cursor.") from None
    if behaviour.answer == "held":
        await gateway.held_requests.hold(None, None)
    if behaviour.answer_lie == "cursor":
        page = replace(page, next_cursor=cursor)
    return await response_for(request, behaviour, _page_json(gateway, page))


def _page_json(gateway: Gateway, page: Page) -> Json:
    meta = {
        "hasNextPage": page.next_cursor is not None,
        "hasPrevPage": page.previous_cursor is not None,
        "nextCursor": page.next_cursor,
        "prevCursor": page.previous_cursor,
        "totalCount": page.total,
    }
    return {"data": [_row(gateway, one) for one in page.transaction_ids], "meta": meta}


def _row(gateway: Gateway, transaction_id: str) -> Json:
    override = gateway.list_overrides.get(transaction_id, ListOverride())
    transaction = gateway.transactions.find(transaction_id)
    seen = gateway.transactions.previous_version(transaction_id) or transaction if override.stale else transaction
    return list_row(seen) | dict(override.row)


def _day(query: Json, name: str) -> date | None:
    text = query.get(name)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        error = {"field": name, "message": f"{name} must be YYYY-MM-DD"}
        raise RefusedError(422, "Validation failed", [error]) from None
