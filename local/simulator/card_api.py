"""The card endpoint and the hosted endpoint: decrypt, validate, record the transaction, answer; in this order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.simulator.auth import authenticated
from local.simulator.behaviour import Behaviour
from local.simulator.cards import brand, masked
from local.simulator.envelope import envelope
from local.simulator.gateway import GATEWAY, Gateway
from local.simulator.request_parsing import RefusedError, check_charge, decrypted_fields, json_body
from local.simulator.responses import response_for
from local.simulator.scripted_scenarios import behaviour_of_card
from local.simulator.transaction import Customer, Order, Transaction

if TYPE_CHECKING:
    from aiohttp import web

    from local.simulator.exact_json import Json
    from local.simulator.traffic_log import LoggedRequest


async def card(request: web.Request) -> web.StreamResponse:
    return await _charge(request, "card")


async def hosted(request: web.Request) -> web.StreamResponse:
    return await _charge(request, "hosted")


async def _charge(request: web.Request, call: str) -> web.StreamResponse:
    gateway = request.app[GATEWAY]
    entry = gateway.traffic.add_request(call, request.match_info["mode"])
    try:
        fields = await _parsed_fields(request, gateway, entry)
        behaviour = _behaviour(gateway, call, fields)
        entry.behaviour = behaviour.summary()
        await gateway.hold_if_stalled(behaviour, None, entry.order_id)
    except RefusedError as refusal:
        gateway.traffic.set_outcome(entry, f"refused: {refusal.code} {refusal.message}")
        raise
    transaction = _record(gateway, entry, behaviour, _order(call, entry.mode, fields))
    return await _answer(request, gateway, entry, behaviour, transaction)


async def _parsed_fields(request: web.Request, gateway: Gateway, entry: LoggedRequest) -> dict[str, Json]:
    keys = authenticated(request, gateway.keyring)
    fields = decrypted_fields(await json_body(request), keys)
    gateway.traffic.set_fields(entry, fields)
    check_charge(entry.call, fields)
    order_id = fields.get("order_id")
    if gateway.switches.refuse_duplicates and order_id and gateway.transactions.has_order(order_id, entry.mode):
        error = {"field": "order_id", "message": "order_id has already been used"}
        raise RefusedError(422, "Duplicate order_id.", [error])
    return fields


def _behaviour(gateway: Gateway, call: str, fields: dict[str, Json]) -> Behaviour:
    scripted = gateway.scripted.take(call, fields.get("order_id"))
    if scripted is not None:
        return scripted
    return behaviour_of_card(fields["card_number"]) if call == "card" else Behaviour("redirect")


def _order(call: str, mode: str, fields: dict[str, Json]) -> Order:
    number = fields.get("card_number")
    return Order(
        mode=mode,
        method=call,
        amount=fields["amount"],
        currency=fields["currency"],
        customer=Customer(fields["first_name"], fields["last_name"], fields["email"]),
        order_id=fields.get("order_id"),
        card_number=None if number is None else masked(number),
        card_type=None if number is None else brand(number),
        redirect_url=fields["redirect_url"],
        webhook_url=fields.get("webhook_url"),
    )


def _record(gateway: Gateway, entry: LoggedRequest, behaviour: Behaviour, order: Order) -> Transaction | None:
    if behaviour.verdict is None:
        gateway.traffic.set_outcome(entry, "nothing was recorded")
        return None
    transaction = gateway.transactions.record(order, behaviour.verdict, behaviour.message)
    gateway.behaviours[transaction.transaction_id] = behaviour
    entry.transaction_id = transaction.transaction_id
    gateway.traffic.set_outcome(entry, f"recorded as {transaction.status}")
    return transaction


async def _answer(
    request: web.Request, gateway: Gateway, entry: LoggedRequest, behaviour: Behaviour, transaction: Transaction | None
) -> web.StreamResponse:
    # Only a plain answer is sent before the webhook: the bank does not wait for an answer that is late or faulty.
    webhook_last = behaviour.answer == "plain" and behaviour.webhook != "first"
    if transaction is not None and not webhook_last:
        delivery = gateway.send_webhook(transaction)
        if behaviour.webhook == "first" and delivery is not None:
            await gateway.webhooks.wait_for(delivery)
    if behaviour.answer == "held":
        await gateway.held_requests.hold(entry.transaction_id, entry.order_id)
    body = {"message": behaviour.message or "Something went wrong."}
    if transaction is not None:
        body = envelope(transaction, checkout_url(request, transaction), behaviour.answer_lie)
    response = await response_for(request, behaviour, body)
    if transaction is not None and webhook_last:
        await response.prepare(request)
        await response.write_eof()
        gateway.send_webhook(transaction)
    return response


def checkout_url(request: web.Request, transaction: Transaction) -> str:
    """The shopper's page: 3-D Secure, or the hosted page with its card form."""
    order = transaction.order
    part = "card" if order.method == "card" or order.card_number else "hosted/card"
    return f"{request.url.origin()}/api/v1/{order.mode}/{part}/checkout/{transaction.transaction_id}"
