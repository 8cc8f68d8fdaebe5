"""The control plane, `/_control`: look into the bank's book, write the script, act as the shopper, hold and release."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.simulator.behaviour import Play, PlayError
from local.simulator.credentials import CredentialsError
from local.simulator.gateway import GATEWAY
from local.simulator.request_parsing import RefusedError, plain
from local.simulator.responses import spoken
from local.simulator.scenarios import PLAYS_OF
from local.simulator.scripted_scenarios import Line
from local.simulator.transaction import Transaction, stamp
from local.simulator.wait_conditions import waited

if TYPE_CHECKING:
    from aiohttp import web

    from local.simulator.exact_json import Json


async def book(request: web.Request) -> web.StreamResponse:
    gateway = request.app[GATEWAY]
    return spoken(
        {
            "card_requests": gateway.journal.count("card"),
            "hosted_requests": gateway.journal.count("hosted"),
            "refund_requests": gateway.journal.count("refund"),
            "posts": gateway.journal.posts(),
            "refund_posts": gateway.journal.refund_posts(),
            "status_requests": dict(gateway.journal.status_requests),
            "list_requests": gateway.journal.list_requests,
            "requests": [entry.shown() for entry in gateway.journal.entries],
            "transactions": [shown(transaction) for transaction in gateway.book],
        }
    )


async def deliveries(request: web.Request) -> web.StreamResponse:
    name = request.query.get("of")
    made = request.app[GATEWAY].journal.deliveries
    return spoken([one.shown() for one in made if name in {None, one.transaction_id, one.order_id}])


async def reset(request: web.Request) -> web.StreamResponse:
    request.app[GATEWAY].reset()
    return spoken({"reset": True})


async def script(request: web.Request) -> web.StreamResponse:
    """`{"scenario": …, "call": "card", "order_id": …}` and any part of the play to override."""
    gateway = request.app[GATEWAY]
    fields = await body(request)
    call, order_id = fields.pop("call", "card"), fields.pop("order_id", None)
    scenario = fields.pop("scenario", None)
    if call not in PLAYS_OF:
        raise RefusedError(422, f"call must be one of: {', '.join(PLAYS_OF)}")
    known = PLAYS_OF[call]
    if scenario is not None and scenario not in known:
        raise RefusedError(422, f"scenario must be one of: {', '.join(known)}")
    start = known[scenario] if scenario is not None else _usual(call)
    try:
        gateway.script.write(Line(start.but(fields), call, order_id))
    except PlayError as bad:
        raise RefusedError(422, str(bad)) from None
    return await remaining(request)


async def remaining(request: web.Request) -> web.StreamResponse:
    lines = request.app[GATEWAY].script.remaining
    return spoken([{"call": line.call, "order_id": line.order_id, "play": play_shown(line.play)} for line in lines])


async def switches(request: web.Request) -> web.StreamResponse:
    now = request.app[GATEWAY].switches
    for name, value in (await body(request)).items():
        present = getattr(now, name, None)
        if present is None or type(value) is not type(present) or (name == "page_size" and value < 1):
            raise RefusedError(422, f"{name} is no switch, or its value has the wrong type")
        setattr(now, name, value)
    return spoken({name: getattr(now, name) for name in now.__slots__})


async def credentials(request: web.Request) -> web.StreamResponse:
    """Rotation: only the keys that are named change. `keep_previous` lets the old ones work on."""
    fields = await body(request)
    keep_previous = bool(fields.pop("keep_previous", False))
    unknown = set(fields) - {"secret_key", "encryption_key", "webhook_secret"}
    if unknown or not all(isinstance(value, str) for value in fields.values()):
        raise RefusedError(422, "secret_key, encryption_key and webhook_secret are strings; nothing else is known")
    try:
        request.app[GATEWAY].keyring.rotate(fields, keep_previous=keep_previous)
    except CredentialsError as bad:
        raise RefusedError(422, str(bad)) from None
    return spoken({"rotated": sorted(fields)})


async def held(request: web.Request) -> web.StreamResponse:
    return spoken(request.app[GATEWAY].holds.shown())


async def release(request: web.Request) -> web.StreamResponse:
    return spoken({"released": request.app[GATEWAY].holds.release((await body(request)).get("of"))})


async def wait(request: web.Request) -> web.StreamResponse:
    """Answers as soon as the fact holds: `{"of": order or transaction, "status" | "held" | "posts" | …: wanted}`."""
    happened = await waited(request.app[GATEWAY], await body(request))
    return spoken({"happened": happened}, 200 if happened else 408)


def shown(transaction: Transaction) -> dict[str, Json]:
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
        "created_at": stamp(transaction.created_at),
        "decided_at": stamp(transaction.decided_at),
        "refunded_at": stamp(transaction.refunded_at),
        "charged_back_at": stamp(transaction.charged_back_at),
        "suspicious_at": stamp(transaction.suspicious_at),
    }


def play_shown(play: Play) -> dict[str, Json]:
    return {name: getattr(play, name) for name in play.__slots__}


async def body(request: web.Request) -> dict[str, Json]:
    raw = await request.read()
    return plain(raw) if raw else {}


def _usual(call: str) -> Play:
    return Play("redirect") if call == "hosted" else Play()
