"""Bad input through the API: the right problem, no value repeated, nothing written, nothing sent."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from local.simulator.control_client import Control
from local.stack import Shop
from local.stack.api_client import Answer
from local.stack.cloud import Cloud
from tests.flow.bad_charges import CASES, MAX_AMOUNT, PAYMENT, Bad, changed
from tests.flow.logs import log_text

RETRY = {"never", "same-key", "after"}
Traces = Callable[[], tuple[frozenset[str], int]]

KEYS = {
    "none": (None, "idempotency_key_missing"),
    "empty": ("", "idempotency_key_invalid"),
    "of 256 characters": ("k31337733" + "k" * 247, "idempotency_key_invalid"),
    "with a space": ("key 31337733", "idempotency_key_invalid"),
    "with a tab": ("key\t31337733", "idempotency_key_invalid"),
    "with a letter that is not ASCII": ("cl\u00e931337733", "idempotency_key_invalid"),
}


@dataclass(frozen=True)
class BadRefund:
    """A body, the expected problem, and the field and rule it names."""

    body: str
    status: int
    code: str
    field: str | None = None
    rule: str | None = None


def bad_reason(reason: Any, rule: str) -> BadRefund:
    return BadRefund(json.dumps({"reason": reason}), 422, "invalid_request", "reason", rule)


def beside_the_reason(name: str, rule: str, shown: str | None = None) -> BadRefund:
    body = json.dumps({"reason": "sent back", name: 31337733})
    return BadRefund(body, 422, "invalid_request", shown or name, rule)


REFUNDS = {
    "no JSON": BadRefund('{"reason": "31337733"', 400, "not_json"),
    "a list": BadRefund('["31337733"]', 400, "not_an_object"),
    "the reason twice": BadRefund('{"reason": "sent back", "reason": "31337733"}', 400, "not_json"),
    "too large": BadRefund(json.dumps({"reason": "31337733" * 8200}), 413, "too_large"),
    "no reason": BadRefund("{}", 422, "invalid_request", "reason", "missing"),
    "an empty reason": bad_reason("", "too_short"),
    "a blank reason": bad_reason("   ", "printable"),
    "a reason in two lines": bad_reason("31337733\nsent back", "printable"),
    "a reason of 256 characters": bad_reason("31337733" * 32, "too_long"),
    "a reason that is a number": bad_reason(31337733, "wrong_type"),
    "a card's number in the reason": bad_reason("31337733: 4242-4242-4242-4242", "holds_card_number"),
    "a part of the amount": beside_the_reason("amount", "partial_refund_not_supported"),
    "another payment": beside_the_reason("transaction_id", "unknown_field"),
    "a card's number for a name": beside_the_reason("4242424242424242", "unknown_field", "(unprintable)"),
}


@pytest.fixture(scope="module")
def paid(shop: Shop, gateway: Control) -> dict[str, Any]:
    """A payment that could be refunded."""
    gateway.script("approve", order_id="bad-refunds", webhook="lost")
    made: dict[str, Any] = shop.charge(PAYMENT | {"order_id": "bad-refunds"}, "bad-refunds").json
    assert made["status"] == "succeeded"
    return made


@pytest.fixture
def traces(table: Any, gateway: Control) -> Traces:
    """The traces of charges: the items of the table, and the number of requests in the gateway's book."""

    def left() -> tuple[frozenset[str], int]:
        items = table.scan(ProjectionExpression="pk")["Items"]
        return frozenset(item["pk"] for item in items), int(gateway.book()["card_requests"])

    return left


@pytest.fixture(scope="module")
def sent() -> set[str]:
    """The names of the cases that were sent."""
    return set()


def send(shop: Shop, bad: Bad, sent: set[str]) -> Answer:
    sent.add(bad.name)
    return shop.post("/charges", bad.body, {"Idempotency-Key": f"bad-input-{CASES.index(bad)}"})


@pytest.mark.parametrize("bad", CASES, ids=lambda bad: bad.name)
def test_a_bad_charge_is_refused_by_field_and_rule_and_leaves_no_trace(
    shop: Shop, bad: Bad, traces: Traces, sent: set[str]
) -> None:
    before = traces()
    answer = send(shop, bad, sent)
    problem = answer.json
    assert (answer.status, problem["code"]) == (bad.status, bad.code)
    assert_is_a_problem(answer)
    assert problem["retry"] == "never"
    if bad.field is None:
        assert "errors" not in problem
    else:
        assert (bad.field, bad.rule) in {(error["field"], error["code"]) for error in problem["errors"]}
        assert {error["field"] for error in problem["errors"]} <= {bad.field, "card_cvv"}, "no other field is named"
    assert_reveals_nothing(answer, bad.unrepeatable)
    assert traces() == before


_RANDOM = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""A request's id may contain any four digits, such as a year of expiry."""


def is_in(value: str, text: str) -> bool:
    """Whether a text has the value. A few digits count only by themselves: a timestamp may contain any of them."""
    if value.isdigit() and len(value) < 8:
        return re.search(rf"(?<![0-9]){value}(?![0-9])", text) is not None
    return value in text


def test_the_logs_hold_no_value_of_a_bad_charge(shop: Shop, admin: Cloud, sent: set[str]) -> None:
    for bad in CASES:
        if bad.name not in sent:
            send(shop, bad, sent)
    text = _RANDOM.sub("", log_text(admin))
    assert "START" in text or "correlation_id" in text, (
        "no function has logged anything: the search would prove nothing"
    )
    for bad in CASES:
        assert bad.unrepeatable is None or not is_in(bad.unrepeatable, text), bad.name
    for name in ("card_number", "email", "address", "phone_number"):
        assert str(PAYMENT[name]) not in text, name


@pytest.mark.parametrize("kind", KEYS)
def test_a_bad_key_is_refused_and_leaves_no_trace(shop: Shop, kind: str, traces: Traces) -> None:
    key, code = KEYS[kind]
    before = traces()
    answer = shop.charge(PAYMENT, key)
    assert (answer.status, answer.json["code"], answer.json["retry"]) == (400, code, "never")
    assert_is_a_problem(answer)
    assert_reveals_nothing(answer, "31337733")
    assert traces() == before


@pytest.mark.parametrize("kind", REFUNDS)
def test_a_bad_refund_is_refused_by_field_and_rule_and_leaves_no_trace(
    shop: Shop, gateway: Control, paid: dict[str, Any], kind: str
) -> None:
    bad = REFUNDS[kind]
    answer = refund_with(shop, paid, bad.body, f"bad-refund-{list(REFUNDS).index(kind)}")
    assert (answer.status, answer.json["code"], answer.json["retry"]) == (bad.status, bad.code, "never")
    assert_is_a_problem(answer)
    named = [(error["field"], error["code"]) for error in answer.json.get("errors", [])]
    assert named == ([(bad.field, bad.rule)] if bad.field else [])
    assert_reveals_nothing(answer, "31337733")
    assert "4242" not in answer.body.decode()
    assert_not_refunded(shop, gateway, paid)


@pytest.mark.parametrize("kind", KEYS)
def test_a_refund_with_a_bad_key_is_refused_and_leaves_no_trace(
    shop: Shop, gateway: Control, paid: dict[str, Any], kind: str
) -> None:
    key, code = KEYS[kind]
    answer = refund_with(shop, paid, json.dumps({"reason": "sent back"}), key)
    assert (answer.status, answer.json["code"], answer.json["retry"]) == (400, code, "never")
    assert_is_a_problem(answer)
    assert_reveals_nothing(answer, "31337733")
    assert_not_refunded(shop, gateway, paid)


def test_the_logs_hold_no_value_of_a_bad_refund(shop: Shop, admin: Cloud, paid: dict[str, Any]) -> None:
    for bad in REFUNDS.values():
        refund_with(shop, paid, bad.body, "bad-refunds-logged")
    text = log_text(admin)
    assert paid["id"] in text, "no function has logged the payment: the search would prove nothing"
    for value in ("31337733", "4242-4242"):
        assert value not in text


@pytest.mark.parametrize("key", ["k", "k" * 255, "!~:;,{}<>"])
def test_a_key_of_any_visible_characters_is_accepted(shop: Shop, key: str) -> None:
    assert shop.charge(PAYMENT, key).status == 201


@pytest.mark.parametrize("who", ["unsigned", "stranger"])
def test_a_caller_without_permission_is_refused_and_leaves_no_trace(
    who: str, traces: Traces, request: pytest.FixtureRequest
) -> None:
    # Only the 403 can be checked: MiniStack does not import the template's GatewayResponses, and answers with its own
    # text. test_gateway_responses.py checks them.
    refused: Shop = request.getfixturevalue(who)
    before = traces()
    answer = refused.charge(PAYMENT, "31337733")
    assert answer.status == 403
    assert_reveals_nothing(answer, "31337733")
    assert traces() == before


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/payments"),
        ("DELETE", "/charges"),
        ("PUT", "/charges/pay_31337733"),
        ("POST", "/charges/pay_1/refund"),
    ],
)
def test_an_unknown_route_is_refused_and_leaves_no_trace(shop: Shop, method: str, path: str, traces: Traces) -> None:
    before = traces()
    answer = shop.request(method, path, changed(), {"Idempotency-Key": "no-route"})
    assert answer.status == 403  # API Gateway's own answer
    assert_reveals_nothing(answer, "31337733")
    assert traces() == before


@pytest.mark.parametrize(
    "payment_id",
    ["pay_31337733", "order%2331337733", "%00", "%20", "p%C3%A4y", "pay_" + "31337733" * 300],
)
def test_an_id_of_no_payment_is_not_found(shop: Shop, payment_id: str) -> None:
    for path in (f"/charges/{payment_id}", f"/charges/{payment_id}/events"):
        answer = shop.get(path)
        assert (answer.status, answer.json["code"]) == (404, "payment_not_found")
        assert_is_a_problem(answer)
        assert_reveals_nothing(answer, "31337733")
    refused = refund_with(shop, {"id": payment_id}, json.dumps({"reason": "sent back"}), "bad-id")
    assert (refused.status, refused.json["code"]) == (404, "payment_not_found")
    assert_reveals_nothing(refused, "31337733")


def test_an_order_lock_cannot_be_read_as_a_payment(shop: Shop) -> None:
    assert shop.charge(PAYMENT | {"order_id": "locked-31337733"}, "locked").status == 201
    assert shop.get("/charges/order%23locked-31337733").status == 404


@pytest.mark.parametrize(("currency", "amount"), [("JPY", 5000), ("KWD", 12345), ("GBP", MAX_AMOUNT), ("USD", 1)])
def test_minor_units_of_every_exponent_reach_the_gateway_unchanged(
    shop: Shop, gateway: Control, currency: str, amount: int
) -> None:
    order = PAYMENT | {"currency": currency, "amount": amount, "order_id": f"exponent-{currency}"}
    answer = shop.charge(order, f"exponent-{currency}")
    assert answer.status == 201
    assert (answer.json["amount"], answer.json["currency"]) == (amount, currency)
    (request,) = [r for r in gateway.book()["requests"] if r["order_id"] == order["order_id"]]
    assert (request["decrypted"]["amount"], request["decrypted"]["currency"]) == (amount, currency)


def refund_with(shop: Shop, paid: Mapping[str, Any], body: str, key: str | None) -> Answer:
    return shop.post(f"/charges/{paid['id']}/refunds", body, {} if key is None else {"Idempotency-Key": key})


def assert_not_refunded(shop: Shop, gateway: Control, paid: dict[str, Any]) -> None:
    assert shop.get(f"/charges/{paid['id']}").json == paid
    assert "bad-refunds" not in gateway.book()["refund_posts"]


def assert_is_a_problem(answer: Answer) -> None:
    problem = answer.json
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert problem["type"] == "about:blank"
    assert problem["status"] == answer.status
    assert problem["title"]
    assert problem["retry"] in RETRY
    for error in problem.get("errors", []):
        assert error.keys() == {"field", "code", "message"}
        assert re.fullmatch(r"[a-z_]+", error["code"])


def assert_reveals_nothing(answer: Answer, unrepeatable: str | None) -> None:
    """The answer repeats neither the bad value nor the payment's personal data."""
    answered = answer.body.decode() + " ".join(f"{name}: {value}" for name, value in answer.headers.items())
    for value in (unrepeatable, *(str(PAYMENT[name]) for name in ("card_number", "email", "address", "phone_number"))):
        assert value is None or value not in answered
