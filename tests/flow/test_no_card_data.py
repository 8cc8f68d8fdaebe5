"""After all other flow tests: no sink of the stack holds a card number, a CVV, a key, or a payload that a key opens."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.demo import document
from local.simulator.cards import CARDS
from local.simulator.control_client import Control
from local.stack import Shop, Stack
from local.stack.cloud import Cloud
from local.stack.subscriber import Subscriber
from tests.flow.bad_charges import CASES
from tests.flow.cardform import enter
from tests.flow.logs import logged
from tests.flow.reconciling import call, report
from tests.flow.refunds import refund
from tests.flow.waiting import Clerk

SINKS = (
    "table",
    "logs",
    "bus",
    "the bank's book",
    "the stack's own log",
    "the functions' settings",
    "the reconciliation's report",
)
QUOTED = "4111111111111111 with CVV 029 is what the bank quotes"
PAN = re.compile(r"(?<![A-Za-z0-9])\d(?:[ -]?\d){12,18}(?![A-Za-z0-9])")
UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
CVV = re.compile(r"cvv[\"']?\s*[:=]\s*[\"']?\d", re.IGNORECASE)
PAYLOAD = re.compile(r"[0-9a-f]{32}:[0-9a-f]{64,}")
TOKEN = re.compile(r"/webhooks/pay-agency/pay_[a-z2-7]{26}/[0-9a-f]{64}")
BEARER = re.compile(r"Bearer\s+\S")


@pytest.fixture(scope="module")
def traffic(
    shop: Shop, gateway: Control, bus: Subscriber, overdue: Callable[[str], None], follow_up: Callable[..., Any]
) -> str:
    """A little of everything, should these tests run alone; the id of one payment that went all the way."""
    payment = {name: value for name, value in document.payment().items() if name != "order_id"}
    clerk = Clerk(shop, overdue, follow_up)
    for scenario in ("decline", "charged-then-500", "refused-422", "bad-credentials", "garbage", "wrong-amount"):
        order = f"no-card-data-{scenario}"
        gateway.script(scenario, order_id=order, message=QUOTED)
        shop.charge(payment | {"order_id": order}, order)
    at_the_gateways_page(shop, clerk, payment)
    give_back(shop, gateway, clerk, payment)
    for bad in CASES[::10]:
        shop.post("/charges", bad.body, {"Idempotency-Key": "no-card-data-bad"})
    shop.charge(payment | {"card_number": "4242424242424242 ", "4242424242424242": "1"}, "no-card-data-field")
    order = "no-card-data"
    made: dict[str, Any] = shop.charge(payment | {"order_id": order}, order).json
    gateway.decide(order, "approve")
    assert gateway.wait(order, delivered=1)
    clerk.wait(made["id"], "succeeded")
    assert bus.wait_for(made["id"], "payment.succeeded")
    return str(made["id"])


def at_the_gateways_page(shop: Shop, clerk: Clerk, payment: dict[str, Any]) -> None:
    """A shopper types one card wrong and one right."""
    fields = {name: value for name, value in payment.items() if not name.startswith("card_")}
    order = fields | {"payment_method": "hosted", "order_id": "no-card-data-hosted"}
    made = shop.charge(order, "no-card-data-hosted").json
    assert enter(made["next_action"]["url"], "4111111111111112").status == 422
    assert enter(made["next_action"]["url"], "4242424242424242").status == 303
    clerk.wait(made["id"], "succeeded")


def give_back(shop: Shop, gateway: Control, clerk: Clerk, payment: dict[str, Any]) -> None:
    """A refund for whose reason somebody gives the card, one that the gateway refuses with it, and one that is done."""
    order = "no-card-data-refund"
    made = shop.charge(payment | {"order_id": order, "card_number": "4242424242424242"}, order).json
    assert refund(shop, made["id"], order, "paid with 4111 1111 1111 1111").status == 422
    for scenario in ("refund-refused-422", "refund-refused-400"):
        gateway.script(scenario, call="refund", order_id=order, message=QUOTED)
        answer = refund(shop, made["id"], f"{order}-{scenario}")
        assert (answer.status, answer.json["code"]) == (422, "refund_refused")
        assert "4111" not in answer.json["detail"]
    assert refund(shop, made["id"], order, "James of 64 Hertingfordbury Rd (TF10 8DF) sent it back").status == 201
    clerk.hurry(made["id"])


@pytest.fixture(scope="module")
def sinks(traffic: str, stack: Stack, admin: Cloud, table: Any, bus: Subscriber, gateway: Control) -> Mapping[str, str]:
    """All that is kept anywhere, as text."""
    reported = reconciled(stack, gateway, traffic)
    functions = admin.client("lambda")
    settings = [functions.get_function_configuration(FunctionName=name) for name in stack.functions.values()]
    texts = {
        "table": json.dumps(list(items(table)), default=str),
        "logs": logged(admin),
        "bus": json.dumps(bus.received),
        # What the bank was told here to quote stands in its book; that is not what is looked for.
        "the bank's book": json.dumps([gateway.book(), gateway.deliveries()], default=str).replace(QUOTED, ""),
        "the stack's own log": stack.log(),
        "the functions' settings": json.dumps([each["Environment"] for each in settings]),
        "the reconciliation's report": reported,
    }
    for name in ("table", "logs", "bus", "the bank's book", "the reconciliation's report"):
        assert traffic in texts[name], f"nothing of the payment in the {name}: the search would prove nothing"
    return texts


@pytest.mark.parametrize("sink", SINKS)
def test_no_card_number_is_kept(sinks: Mapping[str, str], sink: str) -> None:
    text = sinks[sink]
    assert [number for number in CARDS if number in text] == []
    # The parts of a request's id may all be digits, and look like a number in groups.
    assert [found[0] for found in PAN.finditer(UUID.sub("-", text)) if is_a_card(found[0])] == []


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
    """Whoever got hold of the key could read the card in it."""
    assert PAYLOAD.search(sinks[sink]) is None


@pytest.mark.parametrize("sink", ["table", "logs", "bus", "the functions' settings", "the reconciliation's report"])
def test_no_webhook_token_is_kept(sinks: Mapping[str, str], sink: str) -> None:
    """The gateway has them, and to be delivered, webhooks bear them; nobody else ever sees one."""
    assert TOKEN.search(sinks[sink]) is None


@pytest.mark.parametrize("sink", ["table", "logs", "bus", "the reconciliation's report"])
def test_nothing_is_kept_of_the_person(sinks: Mapping[str, str], sink: str) -> None:
    for value in ("james@gmail.com", "Hertingfordbury", "7654233212", "TF10 8DF"):
        assert value not in sinks[sink]


def test_the_patterns_find_what_they_are_for() -> None:
    assert is_a_card(PAN.findall('"4111 1111 1111 1111"')[0])
    assert is_a_card(PAN.findall("n=5555555555554444,")[0])
    assert not any(map(is_a_card, PAN.findall("1795383927649 PA6419836129825684 00000000000000000")))
    assert CVV.search('"card_cvv": "029"')
    assert PAYLOAD.search(f"{'0' * 32}:{'a' * 64}")


def reconciled(stack: Stack, gateway: Control, payment_id: str) -> str:
    """The report of a reconciliation of all that the run has left behind, with at least a line about this payment."""
    gateway.refund("no-card-data")
    today = datetime.now(UTC).date()
    span = {"from": str(today - timedelta(days=1)), "to": str(today)}
    while (result := call(stack, "ReconciliationFunction", span)).get("state") != "finished":
        assert result.get("state") == "unfinished", result
    text = report(stack, result).text
    assert payment_id in text
    return text


def items(table: Any) -> Iterator[Mapping[str, Any]]:
    """Every item, page after page."""
    page = table.scan()
    yield from page["Items"]
    while "LastEvaluatedKey" in page:
        page = table.scan(ExclusiveStartKey=page["LastEvaluatedKey"])
        yield from page["Items"]


def is_a_card(text: str) -> bool:
    """Digits of a card scheme's range whose check digit is right."""
    digits = [int(character) for character in text if character.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return digits[0] in range(2, 7) and (sum(digits[::-2]) + sum(doubled)) % 10 == 0
