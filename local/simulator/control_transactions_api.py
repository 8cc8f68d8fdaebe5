"""The control API for one transaction: actions of the shopper, the bank, or a user of the gateway's dashboard."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from local.simulator.behaviour import OUTCOMES, BehaviourError
from local.simulator.control_api import body, transaction_json
from local.simulator.envelope import list_row
from local.simulator.gateway import GATEWAY
from local.simulator.request_parsing import RefusedError
from local.simulator.responses import json_response
from local.simulator.transaction import Customer, Order, Transaction
from local.simulator.transaction_index import ListOverride
from local.simulator.transaction_store import NotAllowedError, UnknownTransactionError

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web

    from local.simulator.exact_json import Json


_ORPHAN_FIELDS: Final = {"count", "amount", "currency", "order_id", "status", "created_at", "seconds_apart"}


async def one(request: web.Request) -> web.StreamResponse:
    return json_response(transaction_json(_transaction(request)))


async def decide(request: web.Request) -> web.StreamResponse:
    """Decides as the shopper or the bank; `overrule` also changes a final status (money that moves late)."""
    gateway = request.app[GATEWAY]
    fields = await body(request)
    status = OUTCOMES.get(str(fields.get("outcome")))
    if status is None:
        raise RefusedError(422, f"outcome must be one of: {', '.join(name for name, s in OUTCOMES.items() if s)}")
    name = _transaction(request).transaction_id
    overrule = bool(fields.get("overrule", False))
    transaction = _or_conflict(
        lambda: gateway.transactions.decide(name, status, fields.get("message"), overrule=overrule)
    )
    if not fields.get("quietly", False):
        gateway.send_webhook(transaction)
    return json_response(transaction_json(transaction))


async def refund(request: web.Request) -> web.StreamResponse:
    gateway = request.app[GATEWAY]
    return json_response(
        transaction_json(_or_conflict(lambda: gateway.transactions.refund(_transaction(request).transaction_id)))
    )


async def charge_back(request: web.Request) -> web.StreamResponse:
    gateway = request.app[GATEWAY]
    return json_response(
        transaction_json(_or_conflict(lambda: gateway.transactions.charge_back(_transaction(request).transaction_id)))
    )


async def suspect(request: web.Request) -> web.StreamResponse:
    return json_response(
        transaction_json(request.app[GATEWAY].transactions.suspect(_transaction(request).transaction_id))
    )


async def amend(request: web.Request) -> web.StreamResponse:
    """Changes the amount or the currency at the gateway alone: `{"amount": …}` or `{"currency": …}`."""
    fields = await body(request)
    amount, currency = fields.get("amount", 0), fields.get("currency", "")
    if not fields or set(fields) - {"amount", "currency"} or not _well_typed(amount, currency):
        raise RefusedError(422, "amend amount (a number) or currency (a string)")
    return json_response(
        transaction_json(request.app[GATEWAY].transactions.amend(_transaction(request).transaction_id, **fields))
    )


async def listing(request: web.Request) -> web.StreamResponse:
    """Changes the row in the list alone: `{"hidden": true}`, `{"stale": true}`, `{"row": {"status": …}}`, or `{}`."""
    gateway, transaction = request.app[GATEWAY], _transaction(request)
    override = _list_override(await body(request), set(list_row(transaction)))
    gateway.list_overrides[transaction.transaction_id] = override
    if override.hidden:
        gateway.transactions.index.remove(transaction)
    else:
        gateway.transactions.index.add(transaction)
    return json_response({"hidden": override.hidden, "stale": override.stale, "row": override.row})


async def forget(request: web.Request) -> web.StreamResponse:
    request.app[GATEWAY].transactions.forget(_transaction(request).transaction_id)
    return json_response({"forgotten": True})


async def send_webhook(request: web.Request) -> web.StreamResponse:
    """Sends a webhook now: a replay, or with `webhook` and `webhook_lie` a forged one."""
    gateway = request.app[GATEWAY]
    transaction = _transaction(request)
    try:
        behaviour = replace(gateway.behaviour_of(transaction), webhook="prompt").with_changes(await body(request))
    except BehaviourError as error:
        raise RefusedError(422, str(error)) from None
    return json_response({"posted": gateway.webhooks.send(transaction, behaviour) is not None})


async def orphans(request: web.Request) -> web.StreamResponse:
    """Charges without a merchant's request: `{"count": 1, "amount": …, "created_at": …, "seconds_apart": 0}`."""
    gateway = request.app[GATEWAY]
    fields = await body(request)
    if set(fields) - _ORPHAN_FIELDS:
        raise RefusedError(422, f"an orphan has: {', '.join(sorted(_ORPHAN_FIELDS))}")
    try:
        first = datetime.fromisoformat(fields["created_at"]) if "created_at" in fields else gateway.now()
        if first.tzinfo is None:
            raise RefusedError(422, "created_at needs a time zone")
        apart = timedelta(seconds=float(fields.get("seconds_apart", 0)))
        order, count = _orphan(fields, gateway.keyring.newest.mode), int(fields.get("count", 1))
    except (TypeError, ValueError):
        raise RefusedError(422, "created_at is ISO 8601, count and seconds_apart are numbers") from None
    status, made = fields.get("status", "SUCCESS"), []
    for n in range(count):
        numbered = order if order.order_id is None else replace(order, order_id=order.order_id.replace("{n}", str(n)))
        made.append(gateway.transactions.record(numbered, status, None, first + n * apart).transaction_id)
    return json_response(made)


def _list_override(fields: dict[str, Json], columns: set[str]) -> ListOverride:
    hidden, stale, row = fields.get("hidden", False), fields.get("stale", False), fields.get("row", {})
    if set(fields) - {"hidden", "stale", "row"} or not isinstance(row, dict) or set(row) - columns:
        raise RefusedError(422, f"hidden, stale, or a row with any of: {', '.join(sorted(columns))}")
    return ListOverride(bool(hidden), bool(stale), row)


def _well_typed(amount: Json, currency: Json) -> bool:
    return isinstance(amount, int | Decimal) and isinstance(currency, str)


def _orphan(fields: dict[str, Json], mode: str) -> Order:
    amount, currency = fields.get("amount", 100), fields.get("currency", "GBP")
    if not _well_typed(amount, currency):
        raise RefusedError(422, "amount must be a number and currency a string")
    return Order(
        mode=mode,
        method="card",
        amount=amount,
        currency=currency,
        customer=Customer("Ada", "Orphan", "ada@example.com"),
        order_id=fields.get("order_id"),
        card_number="424242******4242",
        card_type="VISA",
    )


def _transaction(request: web.Request) -> Transaction:
    try:
        return request.app[GATEWAY].transactions.find(request.match_info["name"])
    except UnknownTransactionError:
        raise RefusedError(404, "No such transaction.") from None


def _or_conflict(change: Callable[[], Transaction]) -> Transaction:
    try:
        return change()
    except NotAllowedError as error:
        raise RefusedError(409, str(error)) from None
