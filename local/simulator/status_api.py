"""What a merchant may ask: the status of one transaction, and the list of all."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from local.simulator.auth import admitted
from local.simulator.card_api import page_url
from local.simulator.envelope import list_row, status_envelope
from local.simulator.gateway import GATEWAY, Gateway
from local.simulator.request_parsing import RefusedError
from local.simulator.responses import spoken, travel
from local.simulator.transaction_index import Appearance, CursorError, Page, Span
from local.simulator.transaction_store import UnknownTransactionError

if TYPE_CHECKING:
    from aiohttp import web

    from local.simulator.exact_json import Json
    from local.simulator.transaction import Transaction


async def status(request: web.Request) -> web.StreamResponse:
    gateway = request.app[GATEWAY]
    admitted(request, gateway.keyring)
    name = request.match_info["name"]
    gateway.journal.ask(name)
    if gateway.switches.status_unavailable:
        raise RefusedError(503, "Service Unavailable")
    transaction = _known(gateway, name, request.match_info["mode"])
    seen = _seen(gateway, transaction)
    return spoken(status_envelope(seen, page_url(request, seen), gateway.play_of(transaction).status_lie))


def _seen(gateway: Gateway, transaction: Transaction) -> Transaction:
    """What its play lets the status endpoint see of it: the truth, in the end."""
    play = gateway.play_of(transaction)
    earlier = gateway.book.earlier(transaction.transaction_id) or transaction
    if play.status == "plain" or play.status_times <= 0 or (play.status == "lagging" and earlier is transaction):
        return transaction
    gateway.plays[transaction.transaction_id] = replace(play, status_times=play.status_times - 1)
    if play.status == "unavailable":
        raise RefusedError(503, "Service Unavailable")
    if play.status == "missing":
        raise _not_found()
    return earlier


async def transactions(request: web.Request) -> web.StreamResponse:
    gateway, mode, query = request.app[GATEWAY], request.match_info["mode"], request.query
    gateway.journal.ask_list(mode, query)
    admitted(request, gateway.keyring)
    span = Span(_day(query, "transaction_start_date"), _day(query, "transaction_end_date"))
    asked_with = query.get("nextCursor") or query.get("prevCursor")
    play = gateway.script.take_page(asked_with)
    await gateway.stalled(play, None, None)
    try:
        page = gateway.book.index.page(
            mode, span, gateway.switches.page_size, query.get("nextCursor") or None, query.get("prevCursor") or None
        )
    except CursorError:
        raise RefusedError(422, "Invalid cursor.") from None
    if play.answer == "held":
        await gateway.holds.hold(None, None)
    if play.answer_lie == "cursor":
        page = replace(page, next_cursor=asked_with)
    return await travel(request, play, _listed(gateway, page))


def _listed(gateway: Gateway, page: Page) -> Json:
    meta = {
        "hasNextPage": page.next_cursor is not None,
        "hasPrevPage": page.previous_cursor is not None,
        "nextCursor": page.next_cursor,
        "prevCursor": page.previous_cursor,
        "totalCount": page.total,
    }
    return {"data": [_row(gateway, one) for one in page.transaction_ids], "meta": meta}


def _row(gateway: Gateway, transaction_id: str) -> Json:
    looks = gateway.appearances.get(transaction_id, Appearance())
    transaction = gateway.book.find(transaction_id)
    seen = gateway.book.earlier(transaction_id) or transaction if looks.stale else transaction
    return list_row(seen) | dict(looks.row)


def _day(query: Json, name: str) -> date | None:
    text = query.get(name)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        error = {"field": name, "message": f"{name} must be YYYY-MM-DD"}
        raise RefusedError(422, "Validation failed", [error]) from None


def _known(gateway: Gateway, name: str, mode: str) -> Transaction:
    try:
        return gateway.book.find(name, mode)
    except UnknownTransactionError:
        raise _not_found() from None


def _not_found() -> RefusedError:
    return RefusedError(404, "Transaction not found.")
