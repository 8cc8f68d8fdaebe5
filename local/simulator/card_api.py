"""The card endpoint and the hosted one: open, check, let the bank decide, answer. In that order, whatever the play."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.simulator.auth import admitted, json_body
from local.simulator.behaviour import Play
from local.simulator.cards import brand, masked
from local.simulator.envelope import envelope
from local.simulator.gateway import GATEWAY, Gateway
from local.simulator.request_parsing import RefusedError, check, opened
from local.simulator.responses import travel
from local.simulator.scripted_scenarios import by_card
from local.simulator.transaction import Customer, Order, Transaction

if TYPE_CHECKING:
    from aiohttp import web

    from local.simulator.exact_json import Json
    from local.simulator.traffic_log import Entry


async def card(request: web.Request) -> web.StreamResponse:
    return await _charge(request, "card")


async def hosted(request: web.Request) -> web.StreamResponse:
    return await _charge(request, "hosted")


async def _charge(request: web.Request, call: str) -> web.StreamResponse:
    gateway = request.app[GATEWAY]
    entry = gateway.journal.open(call, request.match_info["mode"])
    try:
        fields = await _understood(request, gateway, entry)
        play = _play(gateway, call, fields)
        entry.play = play.parts()
        await gateway.stalled(play, None, entry.order_id)
    except RefusedError as refusal:
        gateway.journal.close(entry, f"refused: {refusal.code} {refusal.message}")
        raise
    transaction = _recorded(gateway, entry, play, _order(call, entry.mode, fields))
    return await _answered(request, gateway, entry, play, transaction)


async def _understood(request: web.Request, gateway: Gateway, entry: Entry) -> dict[str, Json]:
    keys = admitted(request, gateway.keyring)
    fields = opened(await json_body(request), keys)
    gateway.journal.read(entry, fields)
    check(entry.call, fields)
    order_id = fields.get("order_id")
    if gateway.switches.refuse_duplicates and order_id and gateway.book.has_order(order_id, entry.mode):
        error = {"field": "order_id", "message": "order_id has already been used"}
        raise RefusedError(422, "Duplicate order_id.", [error])
    return fields


def _play(gateway: Gateway, call: str, fields: dict[str, Json]) -> Play:
    scripted = gateway.script.take(call, fields.get("order_id"))
    if scripted is not None:
        return scripted
    return by_card(fields["card_number"]) if call == "card" else Play("redirect")


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


def _recorded(gateway: Gateway, entry: Entry, play: Play, order: Order) -> Transaction | None:
    if play.verdict is None:
        gateway.journal.close(entry, "nothing was recorded")
        return None
    transaction = gateway.book.record(order, play.verdict, play.message)
    gateway.plays[transaction.transaction_id] = play
    entry.transaction_id = transaction.transaction_id
    gateway.journal.close(entry, f"recorded as {transaction.status}")
    return transaction


async def _answered(
    request: web.Request, gateway: Gateway, entry: Entry, play: Play, transaction: Transaction | None
) -> web.StreamResponse:
    # Only a plain answer goes out before the news: the other ways keep the merchant waiting, the bank does not wait.
    news_last = play.answer == "plain" and play.webhook != "first"
    if transaction is not None and not news_last:
        news = gateway.announce(transaction)
        if play.webhook == "first" and news is not None:
            await gateway.postman.carried(news)
    if play.answer == "held":
        await gateway.holds.hold(entry.transaction_id, entry.order_id)
    said = {"message": play.message or "Something went wrong."}
    if transaction is not None:
        said = envelope(transaction, page_url(request, transaction), play.answer_lie)
    response = await travel(request, play, said)
    if transaction is not None and news_last:
        await response.prepare(request)
        await response.write_eof()
        gateway.announce(transaction)
    return response


def page_url(request: web.Request, transaction: Transaction) -> str:
    """The shopper's page: the 3-D Secure one, or the hosted one with its card form."""
    order = transaction.order
    part = "card" if order.method == "card" or order.card_number else "hosted/card"
    return f"{request.url.origin()}/api/v1/{order.mode}/{part}/checkout/{transaction.transaction_id}"
