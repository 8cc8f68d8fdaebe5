"""After all other flow tests: no sink of the stack holds a card number, a CVV, a key or an encrypted payload."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.demo import document
from local.simulator.control_client import Control
from local.stack import Shop, Stack
from local.stack.cloud import Cloud
from local.stack.subscriber import Subscriber
from tests.flow.bad_charges import CASES
from tests.flow.card_data import CVV, PAN, PAYLOAD, QUOTED, TOKEN, card_numbers_in, is_card_number, kept_texts
from tests.flow.hosted_page import enter
from tests.flow.payment_tracker import PaymentTracker
from tests.flow.reconciliation_system import call, report
from tests.flow.refunds import refund

SINKS = (
    "table",
    "the table's stream",
    "logs",
    "bus",
    "the gateway's book",
    "the stack's own log",
    "the functions' settings",
    "the reconciliation's report",
)
BEARER = re.compile(r"Bearer\s+\S")


@pytest.fixture(scope="module")
def traffic(
    shop: Shop, gateway: Control, bus: Subscriber, make_due: Callable[[str], None], run_follow_up: Callable[..., Any]
) -> str:
    """Makes payments of every kind, so that these tests can run alone. Returns the id of one that was published."""
    payment = {name: value for name, value in document.payment().items() if name != "order_id"}
    tracker = PaymentTracker(shop, make_due, run_follow_up)
    for scenario in ("decline", "charged-then-500", "refused-422", "bad-credentials", "garbage", "wrong-amount"):
        order = f"no-card-data-{scenario}"
        gateway.script(scenario, order_id=order, message=QUOTED)
        shop.charge(payment | {"order_id": order}, order)
    pay_at_the_gateways_page(shop, tracker, payment)
    request_refunds(shop, gateway, tracker, payment)
    for bad in CASES[::10]:
        shop.post("/charges", bad.body, {"Idempotency-Key": "no-card-data-bad"})
    shop.charge(payment | {"card_number": "4242424242424242 ", "4242424242424242": "1"}, "no-card-data-field")
    order = "no-card-data"
    made: dict[str, Any] = shop.charge(payment | {"order_id": order}, order).json
    gateway.decide(order, "approve")
    assert gateway.wait(order, delivered=1)
    tracker.wait_until(made["id"], "succeeded")
    assert bus.wait_for(made["id"], "payment.succeeded")
    return str(made["id"])


def pay_at_the_gateways_page(shop: Shop, tracker: PaymentTracker, payment: dict[str, Any]) -> None:
    """The shopper mistypes one card and enters another correctly."""
    fields = {name: value for name, value in payment.items() if not name.startswith("card_")}
    order = fields | {"payment_method": "hosted", "order_id": "no-card-data-hosted"}
    made = shop.charge(order, "no-card-data-hosted").json
    assert enter(made["next_action"]["url"], "4111111111111112").status == 422
    assert enter(made["next_action"]["url"], "4242424242424242").status == 303
    tracker.wait_until(made["id"], "succeeded")


def request_refunds(shop: Shop, gateway: Control, tracker: PaymentTracker, payment: dict[str, Any]) -> None:
    """A refund with a card number in its reason, two that the gateway refuses with one, and one that succeeds."""
    order = "no-card-data-refund"
    made = shop.charge(payment | {"order_id": order, "card_number": "4242424242424242"}, order).json
    assert refund(shop, made["id"], order, "paid with 4111 1111 1111 1111").status == 422
    for scenario in ("refund-refused-422", "refund-refused-400"):
        gateway.script(scenario, call="refund", order_id=order, message=QUOTED)
        answer = refund(shop, made["id"], f"{order}-{scenario}")
        assert (answer.status, answer.json["code"]) == (422, "refund_refused")
        assert "4111" not in answer.json["detail"]
    assert refund(shop, made["id"], order, "James of 64 Hertingfordbury Rd (TF10 8DF) sent it back").status == 201
    tracker.follow_up(made["id"])


@pytest.fixture(scope="module")
def sinks(traffic: str, stack: Stack, admin: Cloud, bus: Subscriber, gateway: Control) -> Mapping[str, str]:
    """Everything that is kept, as text by sink."""
    reported = reconciled(stack, gateway, traffic)
    functions = admin.client("lambda")
    settings = [functions.get_function_configuration(FunctionName=name) for name in stack.functions.values()]
    texts = {
        **kept_texts(stack, gateway),
        "bus": json.dumps(bus.received),
        "the functions' settings": json.dumps([each["Environment"] for each in settings]),
        "the reconciliation's report": reported,
    }
    for name in ("table", "the table's stream", "logs", "bus", "the gateway's book", "the reconciliation's report"):
        assert traffic in texts[name], f"the payment is not in the {name}: the search would prove nothing"
    return texts


@pytest.mark.parametrize("sink", SINKS)
def test_no_card_number_is_kept(sinks: Mapping[str, str], sink: str) -> None:
    assert card_numbers_in(sinks[sink]) == []


@pytest.mark.parametrize("sink", SINKS)
def test_no_cvv_is_kept(sinks: Mapping[str, str], sink: str) -> None:
    assert CVV.search(sinks[sink]) is None
    assert "CVV 029" not in sinks[sink]
    assert '"029"' not in sinks[sink]


@pytest.mark.parametrize("sink", SINKS)
def test_no_key_is_kept(sinks: Mapping[str, str], sink: str, stack: Stack, admin: Cloud) -> None:
    text, keys = sinks[sink], stack.gateway.keys
    secrets = admin.client("secretsmanager")
    stored = [each["ARN"] for each in secrets.list_secrets()["SecretList"]]
    values = [secrets.get_secret_value(SecretId=arn)["SecretString"] for arn in stored]
    assert len(values) >= 2, "the gateway's keys, and the tokens'"
    for value in (keys.secret_key, keys.encryption_key, keys.webhook_secret, *values):
        assert value not in text
    assert BEARER.search(text) is None


@pytest.mark.parametrize("sink", SINKS)
def test_no_payload_is_kept(sinks: Mapping[str, str], sink: str) -> None:
    """Whoever obtains the key could read the card in it."""
    assert PAYLOAD.search(sinks[sink]) is None


@pytest.mark.parametrize(
    "sink", ["table", "the table's stream", "logs", "bus", "the functions' settings", "the reconciliation's report"]
)
def test_no_webhook_token_is_kept(sinks: Mapping[str, str], sink: str) -> None:
    """Only the gateway has the tokens, in the addresses of its webhooks."""
    assert TOKEN.search(sinks[sink]) is None


@pytest.mark.parametrize("sink", ["table", "the table's stream", "logs", "bus", "the reconciliation's report"])
def test_no_personal_data_is_kept(sinks: Mapping[str, str], sink: str) -> None:
    for value in ("james@gmail.com", "Hertingfordbury", "7654233212", "TF10 8DF"):
        assert value not in sinks[sink]


def test_the_patterns_find_what_they_are_for() -> None:
    assert is_card_number(PAN.findall('"4111 1111 1111 1111"')[0])
    assert is_card_number(PAN.findall("n=5555555555554444,")[0])
    assert not any(map(is_card_number, PAN.findall("1795383927649 PA6419836129825684 00000000000000000")))
    assert CVV.search('"card_cvv": "029"')
    assert PAYLOAD.search(f"{'0' * 32}:{'a' * 64}")


def reconciled(stack: Stack, gateway: Control, payment_id: str) -> str:
    """The report of a reconciliation of all payments of the worker, with at least one line about this payment."""
    gateway.refund("no-card-data")
    today = datetime.now(UTC).date()
    span = {"from": str(today - timedelta(days=1)), "to": str(today)}
    while (result := call(stack, "ReconciliationFunction", span)).get("state") != "finished":
        assert result.get("state") == "unfinished", result
    text = report(stack, result).text
    assert payment_id in text
    return text
