"""What a merchant may ask about and undo: status, the transaction list, refunds."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from local.simulator.answers import spoken, travel
from local.simulator.authority import admitted, json_body
from local.simulator.book import NotAllowedError, UnknownTransactionError
from local.simulator.charging import page_url
from local.simulator.envelope import envelope, list_row, status_envelope
from local.simulator.gateway import GATEWAY, Gateway
from local.simulator.intake import RefusedError, plain
from local.simulator.listing import CursorError, Page, Span
from local.simulator.play import Play

if TYPE_CHECKING:
    from aiohttp import web

    from local.simulator.jsontext import Json
    from local.simulator.transaction import Transaction


async def status(request: web.Request) -> web.StreamResponse:
    gateway = request.app[GATEWAY]
    admitted(request, gateway.keyring)
    name = request.match_info["name"]
    gateway.journal.ask(name)
    if gateway.switches.status_unavailable:
        raise RefusedError(503, "Service Unavailable")
    transaction = _known(gateway, name, request.match_info["mode"])
    play = gateway.play_of(transaction)
    if play.status != "plain" and play.status_times > 0:
        gateway.plays[transaction.transaction_id] = replace(play, status_times=play.status_times - 1)
        raise _not_found() if play.status == "missing" else RefusedError(503, "Service Unavailable")
    return spoken(status_envelope(transaction, page_url(request, transaction), play.status_lie))


async def refund(request: web.Request) -> web.StreamResponse:
    gateway = request.app[GATEWAY]
    mode = request.match_info["mode"]
    entry = gateway.journal.open("refund", mode)
    try:
        admitted(request, gateway.keyring)
        name = _refund_of(plain(await json_body(request)))
        transaction = _known(gateway, name, mode)
        entry.transaction_id, entry.order_id = transaction.transaction_id, transaction.order.order_id
        play = gateway.script.take("refund", transaction.order.order_id) or Play()
        entry.play = play.parts()
        if play.verdict is not None:
            transaction = _refunded(gateway, transaction.transaction_id)
    except RefusedError as refusal:
        gateway.journal.close(entry, f"refused: {refusal.code} {refusal.message}")
        raise
    gateway.journal.close(entry, "nothing was refunded" if play.verdict is None else "refunded")
    if play.answer == "held":
        await gateway.holds.hold(transaction.transaction_id, transaction.order.order_id)
    said = envelope(transaction, lie=play.answer_lie)
    said["message"] = play.message or "Transaction refunded successfully."
    return await travel(request, play, said)


async def transactions(request: web.Request) -> web.StreamResponse:
    gateway = request.app[GATEWAY]
    admitted(request, gateway.keyring)
    page = _page(request, gateway)
    rows = [list_row(gateway.book.find(one)) for one in page.transaction_ids]
    meta = {
        "hasNextPage": page.next_cursor is not None,
        "hasPrevPage": page.previous_cursor is not None,
        "nextCursor": page.next_cursor,
        "prevCursor": page.previous_cursor,
        "totalCount": page.total,
    }
    return spoken({"data": rows, "meta": meta})


def _page(request: web.Request, gateway: Gateway) -> Page:
    query = request.query
    span = Span(_day(query, "transaction_start_date"), _day(query, "transaction_end_date"))
    after, before = query.get("nextCursor"), query.get("prevCursor")
    mode, size = request.match_info["mode"], gateway.switches.page_size
    try:
        return gateway.book.index.page(mode, span, size, after or None, before or None)
    except CursorError:
        raise RefusedError(422, "Invalid cursor.") from None


def _day(query: Json, name: str) -> date | None:
    text = query.get(name)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        error = {"field": name, "message": f"{name} must be YYYY-MM-DD"}
        raise RefusedError(422, "Validation failed", [error]) from None


def _refund_of(fields: dict[str, Json]) -> str:
    wrong = [name for name in ("transaction_id", "reason") if not isinstance(fields.get(name), str)]
    errors = [{"field": name, "message": f"{name} must be a string"} for name in wrong]
    errors += [
        {"field": name, "message": f"{name} is not allowed"}
        for name in fields
        if name not in {"transaction_id", "reason"}
    ]
    if errors:
        raise RefusedError(422, "Please pass all mandatory fields" if wrong else "Validation failed", errors)
    return str(fields["transaction_id"])


def _refunded(gateway: Gateway, transaction_id: str) -> Transaction:
    try:
        return gateway.book.refund(transaction_id)
    except NotAllowedError as refused:
        raise RefusedError(400, str(refused)) from None


def _known(gateway: Gateway, name: str, mode: str) -> Transaction:
    try:
        return gateway.book.find(name, mode)
    except UnknownTransactionError:
        raise _not_found() from None


def _not_found() -> RefusedError:
    return RefusedError(404, "Transaction not found.")
