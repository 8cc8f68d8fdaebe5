"""Bad input, through the API: the right problem, the value never told again, nothing written, nothing sent."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from local.simulator.control import Control
from local.stack import Shop
from local.stack.cloud import Cloud
from local.stack.shop import Answer
from tests.flow.bad_charges import CASES, MAX_AMOUNT, PAYMENT, Bad, changed
from tests.flow.logs import logged

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


@pytest.fixture
def traces(table: Any, gateway: Control) -> Traces:
    """What a charge would leave behind: items in the table, requests in the gateway's book."""

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
def test_it_is_refused_by_field_and_rule_and_leaves_no_trace(
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
        assert {error["field"] for error in problem["errors"]} <= {bad.field, "card_cvv"}, "only what is at fault"
    assert_tells_nothing(answer, bad.telltale)
    assert traces() == before


def test_the_logs_hold_nothing_of_it(shop: Shop, admin: Cloud, sent: set[str]) -> None:
    for bad in CASES:
        if bad.name not in sent:
            send(shop, bad, sent)
    text = logged(admin)
    assert "START" in text or "correlation_id" in text, "no function has logged: the search would prove nothing"
    for bad in CASES:
        assert bad.telltale is None or bad.telltale not in text, bad.name
    for name in ("card_number", "email", "address", "phone_number"):
        assert str(PAYMENT[name]) not in text, name


@pytest.mark.parametrize("kind", KEYS)
def test_a_bad_key_is_refused_and_leaves_no_trace(shop: Shop, kind: str, traces: Traces) -> None:
    key, code = KEYS[kind]
    before = traces()
    answer = shop.charge(PAYMENT, key)
    assert (answer.status, answer.json["code"], answer.json["retry"]) == (400, code, "never")
    assert_is_a_problem(answer)
    assert_tells_nothing(answer, "31337733")
    assert traces() == before


@pytest.mark.parametrize("key", ["k", "k" * 255, "!~:;,{}<>"])
def test_a_key_of_any_visible_characters_is_taken(shop: Shop, key: str) -> None:
    assert shop.charge(PAYMENT, key).status == 201


@pytest.mark.parametrize("who", ["unsigned", "stranger"])
def test_whoever_may_not_call_is_refused_and_leaves_no_trace(
    who: str, traces: Traces, request: pytest.FixtureRequest
) -> None:
    # 403 is all there is to see here: MiniStack answers in its own words where API Gateway would use the template's
    # GatewayResponses, which it does not import. test_gateway_responses.py has those rendered.
    refused: Shop = request.getfixturevalue(who)
    before = traces()
    answer = refused.charge(PAYMENT, "31337733")
    assert answer.status == 403
    assert_tells_nothing(answer, "31337733")
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
def test_what_is_no_route_is_refused_and_leaves_no_trace(shop: Shop, method: str, path: str, traces: Traces) -> None:
    before = traces()
    answer = shop.request(method, path, changed(), {"Idempotency-Key": "no-route"})
    assert answer.status == 403  # as API Gateway says it
    assert_tells_nothing(answer, "31337733")
    assert traces() == before


@pytest.mark.parametrize(
    "payment_id",
    ["pay_31337733", "order%2331337733", "%00", "%20", "p%C3%A4y", "pay_" + "31337733" * 300],
)
def test_an_id_that_is_no_payments_is_not_found(shop: Shop, payment_id: str) -> None:
    for path in (f"/charges/{payment_id}", f"/charges/{payment_id}/events"):
        answer = shop.get(path)
        assert (answer.status, answer.json["code"]) == (404, "payment_not_found")
        assert_is_a_problem(answer)
        assert_tells_nothing(answer, "31337733")


def test_an_orders_lock_is_no_payment(shop: Shop) -> None:
    assert shop.charge(PAYMENT | {"order_id": "locked-31337733"}, "locked").status == 201
    assert shop.get("/charges/order%23locked-31337733").status == 404


@pytest.mark.parametrize(("currency", "amount"), [("JPY", 5000), ("KWD", 12345), ("GBP", MAX_AMOUNT), ("USD", 1)])
def test_minor_units_of_every_exponent_reach_the_gateway_as_they_are(
    shop: Shop, gateway: Control, currency: str, amount: int
) -> None:
    order = PAYMENT | {"currency": currency, "amount": amount, "order_id": f"exponent-{currency}"}
    answer = shop.charge(order, f"exponent-{currency}")
    assert answer.status == 201
    assert (answer.json["amount"], answer.json["currency"]) == (amount, currency)
    (request,) = [r for r in gateway.book()["requests"] if r["order_id"] == order["order_id"]]
    assert (request["decrypted"]["amount"], request["decrypted"]["currency"]) == (amount, currency)


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


def assert_tells_nothing(answer: Answer, telltale: str | None) -> None:
    """Neither the value at fault nor any other of the payment's."""
    told = answer.body.decode() + " ".join(f"{name}: {value}" for name, value in answer.headers.items())
    for value in (telltale, *(str(PAYMENT[name]) for name in ("card_number", "email", "address", "phone_number"))):
        assert value is None or value not in told
