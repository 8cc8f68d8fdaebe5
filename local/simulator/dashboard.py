"""What somebody at the gateway, or the shopper, does to a transaction without the merchant's API: part of `/_control`."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from aiohttp import web

from local.simulator.answers import spoken
from local.simulator.book import NotAllowed, NotInBook
from local.simulator.gateway import GATEWAY
from local.simulator.intake import Refusal
from local.simulator.jsontext import Json
from local.simulator.plane import body, shown
from local.simulator.play import OUTCOMES, BadPlay
from local.simulator.transaction import Customer, Order, Transaction


async def one(request: web.Request) -> web.StreamResponse:
    return spoken(shown(_named(request)))


async def decide(request: web.Request) -> web.StreamResponse:
    """As the shopper or the bank would; `overrule` changes even a decided one (money that moves late)."""
    gateway = request.app[GATEWAY]
    fields = await body(request)
    status = OUTCOMES.get(str(fields.get("outcome")))
    if status is None:
        raise Refusal(422, f"outcome must be one of: {', '.join(name for name, s in OUTCOMES.items() if s)}")
    name = _named(request).transaction_id
    overrule = bool(fields.get("overrule", False))
    transaction = _allowed(lambda: gateway.book.decide(name, status, fields.get("message"), overrule=overrule))
    gateway.announce(transaction)
    return spoken(shown(transaction))


async def refund(request: web.Request) -> web.StreamResponse:
    gateway = request.app[GATEWAY]
    return spoken(shown(_allowed(lambda: gateway.book.refund(_named(request).transaction_id))))


async def charge_back(request: web.Request) -> web.StreamResponse:
    gateway = request.app[GATEWAY]
    return spoken(shown(_allowed(lambda: gateway.book.charge_back(_named(request).transaction_id))))


async def suspect(request: web.Request) -> web.StreamResponse:
    return spoken(shown(request.app[GATEWAY].book.suspect(_named(request).transaction_id)))


async def amend(request: web.Request) -> web.StreamResponse:
    """Drift: `{"amount": …}`, `{"currency": …}` or `{"order_id": …}` changes at the gateway alone."""
    fields = await body(request)
    if not fields or set(fields) - {"amount", "currency"}:
        raise Refusal(422, "amend amount or currency")
    return spoken(shown(request.app[GATEWAY].book.amend(_named(request).transaction_id, **fields)))


async def forget(request: web.Request) -> web.StreamResponse:
    request.app[GATEWAY].book.forget(_named(request).transaction_id)
    return spoken({"forgotten": True})


async def announce(request: web.Request) -> web.StreamResponse:
    """Posts a webhook now: a replay, or with `webhook` and `webhook_lie` a forgery."""
    gateway = request.app[GATEWAY]
    transaction = _named(request)
    try:
        play = replace(gateway.play_of(transaction), webhook="prompt").but(await body(request))
    except BadPlay as bad:
        raise Refusal(422, str(bad)) from None
    return spoken({"posted": gateway.postman.post(transaction, play) is not None})


async def orphans(request: web.Request) -> web.StreamResponse:
    """Charges that no merchant's request made: `{"count": 1, "amount": …, "created_at": …, "seconds_apart": 0}`."""
    gateway = request.app[GATEWAY]
    fields = await body(request)
    try:
        first = datetime.fromisoformat(fields["created_at"]) if "created_at" in fields else gateway.now()
        if first.tzinfo is None:
            raise Refusal(422, "created_at needs a time zone")
        apart = timedelta(seconds=float(fields.get("seconds_apart", 0)))
        order, count = _orphan(fields, gateway.keyring.newest.mode), int(fields.get("count", 1))
    except (TypeError, ValueError):
        raise Refusal(422, "created_at is ISO 8601, count and seconds_apart are numbers") from None
    made = [gateway.book.record(order, fields.get("status", "SUCCESS"), None, first + n * apart) for n in range(count)]
    return spoken([transaction.transaction_id for transaction in made])


def _orphan(fields: dict[str, Json], mode: str) -> Order:
    amount = fields.get("amount", 100)
    if not isinstance(amount, int | Decimal):
        raise Refusal(422, "amount must be a number")
    return Order(
        mode=mode,
        method="card",
        amount=amount,
        currency=str(fields.get("currency", "GBP")),
        customer=Customer("Ada", "Orphan", "ada@example.com"),
        order_id=fields.get("order_id"),
        card_number="424242******4242",
        card_type="VISA",
    )


def _named(request: web.Request) -> Transaction:
    try:
        return request.app[GATEWAY].book.find(request.match_info["name"])
    except NotInBook:
        raise Refusal(404, "No such transaction.") from None


def _allowed(act: Json) -> Transaction:
    try:
        transaction: Transaction = act()
    except NotAllowed as refused:
        raise Refusal(409, str(refused)) from None
    return transaction
