"""The refund endpoint: read, named, decided, answered. In that order, whatever the play."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from local.simulator.auth import admitted, json_body
from local.simulator.behaviour import Play
from local.simulator.envelope import envelope
from local.simulator.gateway import GATEWAY, Gateway
from local.simulator.request_parsing import RefusedError, check_refund, plain
from local.simulator.responses import travel
from local.simulator.transaction_store import NotAllowedError, UnknownTransactionError

if TYPE_CHECKING:
    from aiohttp import web

    from local.simulator.traffic_log import Entry
    from local.simulator.transaction import Transaction


async def refund(request: web.Request) -> web.StreamResponse:
    gateway = request.app[GATEWAY]
    entry = gateway.journal.open("refund", request.match_info["mode"])
    try:
        transaction = await _named(request, gateway, entry)
        play = gateway.script.take("refund", transaction.order.order_id) or Play()
        entry.play = play.parts()
        await gateway.stalled(play, transaction.transaction_id, transaction.order.order_id)
        if play.verdict is not None:
            transaction = _refunded(gateway, transaction.transaction_id)
    except RefusedError as refusal:
        gateway.journal.close(entry, f"refused: {refusal.code} {refusal.message}")
        raise
    gateway.journal.close(entry, "nothing was refunded" if play.verdict is None else "refunded")
    _affect_status(gateway, transaction, play)
    if play.answer == "held":
        await gateway.holds.hold(transaction.transaction_id, transaction.order.order_id)
    said = envelope(transaction, lie=play.answer_lie)
    said["message"] = play.message or "Transaction refunded successfully."
    return await travel(request, play, said)


async def _named(request: web.Request, gateway: Gateway, entry: Entry) -> Transaction:
    admitted(request, gateway.keyring)
    fields = plain(await json_body(request))
    gateway.journal.read_refund(entry, fields)
    check_refund(fields)
    try:
        transaction = gateway.book.find(fields["transaction_id"], entry.mode)
    except UnknownTransactionError:
        raise _not_found() from None
    if transaction.transaction_id != fields["transaction_id"]:
        raise _not_found()  # an order_id names no refund
    entry.order_id = transaction.order.order_id
    return transaction


def _refunded(gateway: Gateway, transaction_id: str) -> Transaction:
    try:
        return gateway.book.refund(transaction_id)
    except NotAllowedError as refused:
        raise RefusedError(400, str(refused)) from None


def _affect_status(gateway: Gateway, transaction: Transaction, play: Play) -> None:
    """What the status endpoint says from now on is the refund's play, where that says anything about it."""
    if (play.status, play.status_lie) == ("plain", "") or (play.status == "lagging" and play.verdict is None):
        return
    gateway.plays[transaction.transaction_id] = replace(
        gateway.play_of(transaction), status=play.status, status_times=play.status_times, status_lie=play.status_lie
    )


def _not_found() -> RefusedError:
    return RefusedError(404, "Transaction not found.")
