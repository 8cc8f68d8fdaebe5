"""The status endpoint: one transaction, by its transaction_id or its order_id."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from local.simulator.auth import authenticated
from local.simulator.card_api import checkout_url
from local.simulator.envelope import status_envelope
from local.simulator.gateway import GATEWAY, Gateway
from local.simulator.request_parsing import RefusedError
from local.simulator.responses import json_response
from local.simulator.transaction_store import UnknownTransactionError

if TYPE_CHECKING:
    from aiohttp import web

    from local.simulator.transaction import Transaction


async def status(request: web.Request) -> web.StreamResponse:
    gateway = request.app[GATEWAY]
    authenticated(request, gateway.keyring)
    name = request.match_info["name"]
    gateway.traffic.count_status_request(name)
    if gateway.switches.status_unavailable:
        raise RefusedError(503, "Service Unavailable")
    transaction = _find(gateway, name, request.match_info["mode"])
    seen = _visible_version(gateway, transaction)
    page = checkout_url(request, seen) if gateway.switches.status_names_page else None
    return json_response(status_envelope(seen, page, gateway.behaviour_of(transaction).status_lie))


def _visible_version(gateway: Gateway, transaction: Transaction) -> Transaction:
    """The version to show: the current one, after `status_times` faulty answers."""
    behaviour = gateway.behaviour_of(transaction)
    earlier = gateway.transactions.previous_version(transaction.transaction_id) or transaction
    if (
        behaviour.status == "plain"
        or behaviour.status_times <= 0
        or (behaviour.status == "lagging" and earlier is transaction)
    ):
        return transaction
    gateway.behaviours[transaction.transaction_id] = replace(behaviour, status_times=behaviour.status_times - 1)
    if behaviour.status == "unavailable":
        raise RefusedError(503, "Service Unavailable")
    if behaviour.status == "missing":
        raise _not_found()
    return earlier


def _find(gateway: Gateway, name: str, mode: str) -> Transaction:
    try:
        return gateway.transactions.find(name, mode)
    except UnknownTransactionError:
        raise _not_found() from None


def _not_found() -> RefusedError:
    return RefusedError(404, "Transaction not found.")
