"""The refund endpoint: parse, find the transaction, refund it, answer; always in this order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from local.simulator.auth import authenticated
from local.simulator.behaviour import Behaviour
from local.simulator.envelope import envelope
from local.simulator.gateway import GATEWAY, Gateway
from local.simulator.request_parsing import RefusedError, check_refund, json_body, json_object
from local.simulator.responses import response_for
from local.simulator.transaction_store import NotAllowedError, UnknownTransactionError

if TYPE_CHECKING:
    from aiohttp import web

    from local.simulator.traffic_log import LoggedRequest
    from local.simulator.transaction import Transaction


async def refund(request: web.Request) -> web.StreamResponse:
    gateway = request.app[GATEWAY]
    entry = gateway.traffic.add_request("refund", request.match_info["mode"])
    try:
        transaction = await _transaction(request, gateway, entry)
        behaviour = gateway.scripted.take("refund", transaction.order.order_id) or Behaviour()
        entry.behaviour = behaviour.summary()
        await gateway.hold_if_stalled(behaviour, transaction.transaction_id, transaction.order.order_id)
        if behaviour.verdict is not None:
            transaction = _refund(gateway, transaction.transaction_id)
    except RefusedError as refusal:
        gateway.traffic.set_outcome(entry, f"refused: {refusal.code} {refusal.message}")
        raise
    gateway.traffic.set_outcome(entry, "nothing was refunded" if behaviour.verdict is None else "refunded")
    _apply_to_status(gateway, transaction, behaviour)
    if behaviour.answer == "held":
        await gateway.held_requests.hold(transaction.transaction_id, transaction.order.order_id)
    body = envelope(transaction, lie=behaviour.answer_lie)
    body["message"] = behaviour.message or "Transaction refunded successfully."
    return await response_for(request, behaviour, body)


async def _transaction(request: web.Request, gateway: Gateway, entry: LoggedRequest) -> Transaction:
    authenticated(request, gateway.keyring)
    fields = json_object(await json_body(request))
    gateway.traffic.set_refund_fields(entry, fields)
    check_refund(fields)
    try:
        transaction = gateway.transactions.find(fields["transaction_id"], entry.mode)
    except UnknownTransactionError:
        raise _not_found() from None
    if transaction.transaction_id != fields["transaction_id"]:
        raise _not_found()  # an order_id is not accepted here
    entry.order_id = transaction.order.order_id
    return transaction


def _refund(gateway: Gateway, transaction_id: str) -> Transaction:
    try:
        return gateway.transactions.refund(transaction_id)
    except NotAllowedError as error:
        raise RefusedError(400, str(error)) from None


def _apply_to_status(gateway: Gateway, transaction: Transaction, behaviour: Behaviour) -> None:
    """The status parts of the refund's behaviour, if set, hold for the transaction from now on."""
    if (behaviour.status, behaviour.status_lie) == ("plain", "") or (
        behaviour.status == "lagging" and behaviour.verdict is None
    ):
        return
    gateway.behaviours[transaction.transaction_id] = replace(
        gateway.behaviour_of(transaction),
        status=behaviour.status,
        status_times=behaviour.status_times,
        status_lie=behaviour.status_lie,
    )


def _not_found() -> RefusedError:
    return RefusedError(404, "Transaction not found.")
