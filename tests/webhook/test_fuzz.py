"""100,000 deliveries, each a recorded one with something broken: each gets a documented status code."""

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
from tests.webhook.webhook_api import WebhookApi

ROUNDS: Final = 250
DELIVERIES_A_ROUND: Final = 400
ANSWERS: Final = {200, 202, 401, 404, 413}
RECORDINGS: Final = [
    json.dumps(recorded(f"webhook-{name}")) for name in ("succeeded", "declined", "base64", "unsigned", "stranger")
]

Mutation = Callable[[random.Random, dict[str, Any]], None]


def odd_value(rng: random.Random) -> Any:
    """A JSON value that is unexpected almost everywhere."""
    return rng.choice(
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
            "".join(rng.choices(string.printable, k=rng.randrange(200))),
        ]
    )


def drop_a_key(rng: random.Random, event: dict[str, Any]) -> None:
    event.pop(rng.choice(list(event)))


def break_a_key(rng: random.Random, event: dict[str, Any]) -> None:
    event[rng.choice(list(event))] = odd_value(rng)


def break_a_header(rng: random.Random, event: dict[str, Any]) -> None:
    if isinstance(event.get("headers"), dict):
        event["headers"]["fs-webhook-hash"] = odd_value(rng)


def break_the_path(rng: random.Random, event: dict[str, Any]) -> None:
    if isinstance(event.get("pathParameters"), dict):
        event["pathParameters"][rng.choice(["payment_id", "token"])] = odd_value(rng)


def flip_a_byte(rng: random.Random, event: dict[str, Any]) -> None:
    body = event.get("body")
    if isinstance(body, str) and body:
        at = rng.randrange(len(body))
        event["body"] = body[:at] + chr(rng.randrange(0x250)) + body[at + 1 :]


def cut_the_body(rng: random.Random, event: dict[str, Any]) -> None:
    body = event.get("body")
    if isinstance(body, str):
        event["body"] = body[: rng.randrange(len(body) + 1)]


def sign_a_meaningless_body(rng: random.Random, event: dict[str, Any]) -> None:
    """The hardest case: a valid signature on a meaningless body."""
    document = {"status": odd_value(rng), "message": odd_value(rng), "data": odd_value(rng)}
    if rng.random() < 0.7:
        document["data"] = {
            name: odd_value(rng)
            for name in ("transaction_id", "order_id", "amount", "currency", "refund", "chargeback")
            if rng.random() < 0.8
        }
    body = json.dumps(document)
    event["body"], event["isBase64Encoded"] = body, False
    event["headers"] = {"fs-webhook-hash": hmac.new(WEBHOOK_SECRET, body.encode(), hashlib.sha256).hexdigest()}


def toggle_base64(rng: random.Random, event: dict[str, Any]) -> None:
    event["isBase64Encoded"] = rng.choice([True, False, None, "true", 1])


MUTATIONS: Final[tuple[Mutation, ...]] = (
    drop_a_key,
    break_a_key,
    break_a_header,
    break_the_path,
    flip_a_byte,
    cut_the_body,
    sign_a_meaningless_body,
    toggle_base64,
)


@pytest.mark.slow
@settings(max_examples=ROUNDS, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**64 - 1), confirm=st.booleans())
def test_every_delivery_gets_a_documented_status_code(seed: int, *, confirm: bool) -> None:
    rng = random.Random(seed)  # noqa: S311 - random test data, no secret
    api = WebhookApi(confirm=confirm)
    api.charge()
    for _ in range(DELIVERIES_A_ROUND):
        event = json.loads(rng.choice(RECORDINGS))
        for mutate in rng.choices(MUTATIONS, k=rng.randrange(1, 4)):
            if event:
                mutate(rng, event)
        assert api.send(event) in ANSWERS, event
    assert "unexpected" not in api.console.read()
    if confirm:
        assert api.payment.status is Status.REQUIRES_ACTION, "the status API has not changed"
