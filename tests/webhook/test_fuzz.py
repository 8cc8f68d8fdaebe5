"""A hundred thousand deliveries, each a recorded one with something broken: each gets a documented answer."""

import copy
import hashlib
import hmac
import json
import random
import string
from collections.abc import Callable
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from payments.model.status import Status
from tests.recorded_events import WEBHOOK_SECRET, recorded
from tests.webhook.webhook_endpoint import House

ROUNDS: Final = 250
DELIVERIES_A_ROUND: Final = 400
ANSWERS: Final = {200, 202, 401, 404, 413}
RECORDINGS: Final = [
    recorded(f"webhook-{name}") for name in ("succeeded", "declined", "base64", "unsigned", "stranger")
]

Mutation = Callable[[random.Random, dict[str, Any]], None]


def junk(chance: random.Random) -> Any:
    """A value that JSON can hold, and that is out of place almost everywhere."""
    return chance.choice(
        [
            None,
            True,
            -1,
            10**40,
            1.5,
            "",
            "\ud800",
            "\x00",
            "é" * 50,
            "SUCCESS",
            [],
            {},
            [[[[]]]],
            {"a": {"b": None}},
            "".join(chance.choices(string.printable, k=chance.randrange(200))),
        ]
    )


def drop_a_key(chance: random.Random, event: dict[str, Any]) -> None:
    event.pop(chance.choice(list(event)))


def break_a_key(chance: random.Random, event: dict[str, Any]) -> None:
    event[chance.choice(list(event))] = junk(chance)


def break_a_header(chance: random.Random, event: dict[str, Any]) -> None:
    if isinstance(event.get("headers"), dict):
        event["headers"]["fs-webhook-hash"] = junk(chance)


def break_the_path(chance: random.Random, event: dict[str, Any]) -> None:
    if isinstance(event.get("pathParameters"), dict):
        event["pathParameters"][chance.choice(["payment_id", "token"])] = junk(chance)


def flip_a_byte(chance: random.Random, event: dict[str, Any]) -> None:
    body = event.get("body")
    if isinstance(body, str) and body:
        at = chance.randrange(len(body))
        event["body"] = body[:at] + chr(chance.randrange(0x250)) + body[at + 1 :]


def cut_the_body(chance: random.Random, event: dict[str, Any]) -> None:
    body = event.get("body")
    if isinstance(body, str):
        event["body"] = body[: chance.randrange(len(body) + 1)]


def sign_something_odd(chance: random.Random, event: dict[str, Any]) -> None:
    """The hardest to refuse: rightly signed, and nonsense."""
    told = {"status": junk(chance), "message": junk(chance), "data": junk(chance)}
    if chance.random() < 0.7:
        told["data"] = {
            name: junk(chance)
            for name in ("transaction_id", "order_id", "amount", "currency", "refund", "chargeback")
            if chance.random() < 0.8
        }
    body = json.dumps(told)
    event["body"], event["isBase64Encoded"] = body, False
    event["headers"] = {"fs-webhook-hash": hmac.new(WEBHOOK_SECRET, body.encode(), hashlib.sha256).hexdigest()}


def double_the_base64(chance: random.Random, event: dict[str, Any]) -> None:
    event["isBase64Encoded"] = chance.choice([True, False, None, "true", 1])


MUTATIONS: Final[tuple[Mutation, ...]] = (
    drop_a_key,
    break_a_key,
    break_a_header,
    break_the_path,
    flip_a_byte,
    cut_the_body,
    sign_something_odd,
    double_the_base64,
)


@pytest.mark.slow
@settings(max_examples=ROUNDS, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**64 - 1), confirm=st.booleans())
def test_every_delivery_ends_in_a_documented_answer(seed: int, *, confirm: bool) -> None:
    chance = random.Random(seed)  # noqa: S311 - it plays, it guards nothing
    house = House(confirm=confirm)
    house.charge()
    for _ in range(DELIVERIES_A_ROUND):
        event = copy.deepcopy(chance.choice(RECORDINGS))
        for mutate in chance.choices(MUTATIONS, k=chance.randrange(1, 4)):
            if event:
                mutate(chance, event)
        assert house.takes(event) in ANSWERS, event
    assert "unexpected" not in house.console.read()
    if confirm:
        assert house.payment.status is Status.REQUIRES_ACTION, "the bank has not said anything else"
