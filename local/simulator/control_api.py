"""The control API, `/_control`: read the simulator's state, script scenarios, switch conditions, hold and release."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.simulator.behaviour import Behaviour, BehaviourError
from local.simulator.credentials import CredentialsError
from local.simulator.gateway import GATEWAY
from local.simulator.request_parsing import RefusedError, json_object
from local.simulator.responses import json_response
from local.simulator.scenarios import SCENARIOS_BY_CALL
from local.simulator.scripted_scenarios import ScriptedScenario
from local.simulator.transaction import Transaction, iso_timestamp
from local.simulator.wait_conditions import wait_for

if TYPE_CHECKING:
    from aiohttp import web

    from local.simulator.exact_json import Json


async def book(request: web.Request) -> web.StreamResponse:
    gateway = request.app[GATEWAY]
    return json_response(
        {
            "card_requests": gateway.traffic.count("card"),
            "hosted_requests": gateway.traffic.count("hosted"),
            "refund_requests": gateway.traffic.count("refund"),
            "posts": gateway.traffic.posts(),
            "refund_posts": gateway.traffic.refund_posts(),
            "status_requests": dict(gateway.traffic.status_requests),
            "list_requests": gateway.traffic.list_requests,
            "requests": [entry.as_json() for entry in gateway.traffic.entries],
            "transactions": [transaction_json(transaction) for transaction in gateway.transactions],
        }
    )


async def deliveries(request: web.Request) -> web.StreamResponse:
    name = request.query.get("of")
    made = request.app[GATEWAY].traffic.deliveries
    return json_response([one.as_json() for one in made if name in {None, one.transaction_id, one.order_id}])


async def reset(request: web.Request) -> web.StreamResponse:
    request.app[GATEWAY].reset()
    return json_response({"reset": True})


async def script(request: web.Request) -> web.StreamResponse:
    """Adds `{"scenario": …, "call": "card", "order_id": …}`, with any part of the behaviour to override."""
    gateway = request.app[GATEWAY]
    fields = await body(request)
    call, order_id = fields.pop("call", "card"), fields.pop("order_id", None)
    scenario = fields.pop("scenario", None)
    if call not in SCENARIOS_BY_CALL:
        raise RefusedError(422, f"call must be one of: {', '.join(SCENARIOS_BY_CALL)}")
    known = SCENARIOS_BY_CALL[call]
    if scenario is not None and scenario not in known:
        raise RefusedError(422, f"scenario must be one of: {', '.join(known)}")
    start = known[scenario] if scenario is not None else _default_behaviour(call)
    try:
        gateway.scripted.add(ScriptedScenario(start.with_changes(fields), call, order_id))
    except BehaviourError as error:
        raise RefusedError(422, str(error)) from None
    return await scripted(request)


async def scripted(request: web.Request) -> web.StreamResponse:
    waiting = request.app[GATEWAY].scripted.remaining
    return json_response(
        [
            {"call": scenario.call, "order_id": scenario.order_id, "play": behaviour_json(scenario.behaviour)}
            for scenario in waiting
        ]
    )


async def switches(request: web.Request) -> web.StreamResponse:
    current = request.app[GATEWAY].switches
    for name, value in (await body(request)).items():
        present = getattr(current, name, None)
        if present is None or type(value) is not type(present) or (name == "page_size" and value < 1):
            raise RefusedError(422, f"{name} is no switch, or its value has the wrong type")
        setattr(current, name, value)
    return json_response({name: getattr(current, name) for name in current.__slots__})


async def credentials(request: web.Request) -> web.StreamResponse:
    """Rotates the keys that are named. With `keep_previous` the old ones stay valid."""
    fields = await body(request)
    keep_previous = bool(fields.pop("keep_previous", False))
    unknown = set(fields) - {"secret_key", "encryption_key", "webhook_secret"}
    if unknown or not all(isinstance(value, str) for value in fields.values()):
        raise RefusedError(422, "secret_key, encryption_key and webhook_secret are strings; nothing else is known")
    try:
        request.app[GATEWAY].keyring.rotate(fields, keep_previous=keep_previous)
    except CredentialsError as error:
        raise RefusedError(422, str(error)) from None
    return json_response({"rotated": sorted(fields)})


async def held(request: web.Request) -> web.StreamResponse:
    return json_response(request.app[GATEWAY].held_requests.as_json())


async def release(request: web.Request) -> web.StreamResponse:
    return json_response({"released": request.app[GATEWAY].held_requests.release((await body(request)).get("of"))})


async def wait(request: web.Request) -> web.StreamResponse:
    """Waits for `{"of": order or transaction, "status" | "held" | "posts" | …: wanted}`. 408: not in time."""
    happened = await wait_for(request.app[GATEWAY], await body(request))
    return json_response({"happened": happened}, 200 if happened else 408)


def transaction_json(transaction: Transaction) -> dict[str, Json]:
    order = transaction.order
    return {
        "transaction_id": transaction.transaction_id,
        "order_id": order.order_id,
        "mode": order.mode,
        "method": order.method,
        "status": transaction.status,
        "message": transaction.message,
        "amount": order.amount,
        "currency": order.currency,
        "card_number": order.card_number,
        "redirect_url": order.redirect_url,
        "webhook_url": order.webhook_url,
        "created_at": iso_timestamp(transaction.created_at),
        "decided_at": iso_timestamp(transaction.decided_at),
        "refunded_at": iso_timestamp(transaction.refunded_at),
        "charged_back_at": iso_timestamp(transaction.charged_back_at),
        "suspicious_at": iso_timestamp(transaction.suspicious_at),
    }


def behaviour_json(behaviour: Behaviour) -> dict[str, Json]:
    return {name: getattr(behaviour, name) for name in behaviour.__slots__}


async def body(request: web.Request) -> dict[str, Json]:
    raw = await request.read()
    return json_object(raw) if raw else {}


def _default_behaviour(call: str) -> Behaviour:
    return Behaviour("redirect") if call == "hosted" else Behaviour()
