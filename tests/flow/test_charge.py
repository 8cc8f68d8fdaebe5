"""Charges through the API: each answer that a gateway can cause, and the requests that reach the gateway."""

import json
import re
from typing import Any

import pytest

from local.simulator.control_client import Control
from local.stack import Shop, Stack
from tests.flow.lambda_calls import charge_directly, with_environment
from tests.flow.problems import assert_problem

DECLINED, BLOCKED, APPROVED = "4000000000000002", "4000000000000010", "4242424242424242"
NOWHERE = "http://127.0.0.1:1"  # a port on which nothing listens


def posts(gateway: Control, order: str) -> int:
    return int(gateway.book()["posts"].get(order, 0))


@pytest.mark.parametrize(
    ("scenario", "status", "failure"),
    [("decline", "failed", "declined"), ("blocked", "blocked", "blocked"), ("abandoned", "abandoned", "abandoned")],
)
def test_a_decline_is_a_created_payment(
    shop: Shop, gateway: Control, payment: dict[str, Any], scenario: str, status: str, failure: str
) -> None:
    order = f"charge-{scenario}"
    gateway.script(scenario, order_id=order)
    answer = shop.charge(payment | {"order_id": order}, order)
    assert (answer.status, answer.json["status"], answer.json["failure"]["code"]) == (201, status, failure)
    assert answer.json["failure"]["message"]
    assert shop.get(f"/charges/{answer.json['id']}").json["status"] == status


@pytest.mark.parametrize(
    ("card", "brand"),
    [
        ("4242424242424242", "visa"),
        ("5555555555554444", "mastercard"),
        ("2223003122003222", "mastercard"),
        ("378282246310005", "amex"),
        ("6011111111111117", "discover"),
        ("3566002020360505", "jcb"),
        ("30569309025904", "diners"),
        ("6759649826438453", "maestro"),
    ],
)
def test_a_card_of_any_brand_is_accepted(shop: Shop, payment: dict[str, Any], card: str, brand: str) -> None:
    cvv = "1234" if brand == "amex" else "123"
    answer = shop.charge(payment | {"card_number": card, "card_cvv": cvv}, f"brand-{card}")
    assert (answer.status, answer.json["status"]) == (201, "succeeded")
    assert (answer.json["card"]["brand"], answer.json["card"]["last4"]) == (brand, card[-4:])


def test_a_field_that_the_gateway_refuses_is_named(shop: Shop, gateway: Control, payment: dict[str, Any]) -> None:
    order = "charge-refused-422"
    errors = [
        {"field": "phone_number", "message": "phone_number is not in use"},
        {"field": "card_number", "message": "4242424242424242 is not a card"},
    ]
    gateway.script("refused-422", order_id=order, errors=errors)
    answer = shop.charge(payment | {"order_id": order, "card_number": APPROVED}, order)
    assert_problem(answer, 422, "refused_by_gateway", "never")
    messages = {error["field"]: error["message"] for error in answer.json["errors"]}
    assert messages["phone_number"] == "phone_number is not in use"
    assert messages["card_number"]
    assert APPROVED not in answer.body.decode(), "the gateway's text about a card is not passed on"
    assert answer.json["payment"]["status"] == "failed"
    assert shop.get(f"/charges/{answer.json['payment']['id']}").json["failure"]["code"] == "invalid_request"


def test_a_request_that_the_gateway_refuses_without_a_reason_is_refused(
    shop: Shop, gateway: Control, payment: dict[str, Any]
) -> None:
    order = "charge-refused-400"
    gateway.script("refused-400", order_id=order)
    assert_problem(shop.charge(payment | {"order_id": order}, order), 422, "refused_by_gateway", "never")


def test_refused_credentials_are_a_server_error(shop: Shop, gateway: Control, payment: dict[str, Any]) -> None:
    order = "charge-bad-credentials"
    gateway.script("bad-credentials", order_id=order)
    answer = shop.charge(payment | {"order_id": order}, order)
    assert_problem(answer, 502, "gateway_credentials", "never")
    assert answer.json["payment"]["status"] == "failed"
    assert posts(gateway, order) == 1, "under the same keys nothing is sent again"
    assert not any(t["order_id"] == order for t in gateway.book()["transactions"])


def test_a_401_that_proves_no_refusal_is_in_doubt_and_charged_once(
    shop: Shop, gateway: Control, payment: dict[str, Any]
) -> None:
    order = "charge-forbidden"
    gateway.script("forbidden", order_id=order)
    answer = shop.charge(payment | {"order_id": order}, order)
    assert (answer.status, answer.json["status"]) == (202, "processing")
    assert shop.charge(payment | {"order_id": order}, order).status == 202
    assert posts(gateway, order) == 1


def test_an_unreachable_gateway_leaves_nothing_behind_and_the_key_free(
    stack: Stack, shop: Shop, table: Any, payment: dict[str, Any]
) -> None:
    order = payment | {"order_id": "charge-unreachable", "card_number": APPROVED}
    before = {item["pk"] for item in table.scan()["Items"]}
    with with_environment(stack, "ChargeFunction", GATEWAY_BASE_URL=NOWHERE):
        answer = charge_directly(stack, order, "charge-unreachable")
        assert_problem(answer, 503, "gateway_unreachable", "same-key")
        assert int(answer.headers["Retry-After"]) > 0
        assert {item["pk"] for item in table.scan()["Items"]} <= before, "neither a claim nor the order's lock"
    again = charge_directly(stack, order, "charge-unreachable")
    assert (again.status, again.json["status"]) == (201, "succeeded")
    assert "Idempotency-Replayed" not in again.headers


def test_a_retry_returns_the_first_payment_in_its_current_state(
    shop: Shop, gateway: Control, payment: dict[str, Any]
) -> None:
    order = "charge-replayed"
    first = shop.charge(payment | {"order_id": order}, order)
    assert first.json["status"] == "requires_action"
    gateway.decide(order, "approve", quietly=True)
    refreshed = shop.get(f"/charges/{first.json['id']}?refresh=true")
    assert refreshed.json["status"] == "succeeded"
    again = shop.charge(payment | {"order_id": order}, order)
    assert (again.status, again.headers["Idempotency-Replayed"]) == (201, "true")
    assert again.json == refreshed.json
    assert again.headers["Location"] == first.headers["Location"]
    assert posts(gateway, order) == 1


def test_a_key_for_another_request_is_refused(shop: Shop, gateway: Control, payment: dict[str, Any]) -> None:
    order = payment | {"order_id": "charge-key-reused"}
    assert shop.charge(order, "charge-key-reused").status == 201
    for other in (order | {"amount": 101}, order | {"email": "other@example.com"}, order | {"card_number": APPROVED}):
        assert_problem(shop.charge(other, "charge-key-reused"), 422, "idempotency_key_reused", "never")
    assert posts(gateway, "charge-key-reused") == 1


def test_an_order_with_an_open_or_paid_payment_takes_no_second(
    shop: Shop, gateway: Control, payment: dict[str, Any]
) -> None:
    order = "charge-order-taken"
    first = shop.charge(payment | {"order_id": order}, order)
    second = shop.charge(payment | {"order_id": order}, f"{order}-again")
    assert_problem(second, 409, "order_payment_in_progress", "after")
    gateway.decide(order, "approve", quietly=True)
    shop.get(f"/charges/{first.json['id']}?refresh=true")
    third = shop.charge(payment | {"order_id": order}, f"{order}-again")
    assert_problem(third, 409, "order_already_paid", "never")
    for refused in (second, third):
        assert refused.headers["Location"] == first.headers["Location"]
        assert refused.json["payment_id"] == first.json["id"]
    assert posts(gateway, order) == 1


def test_a_second_attempt_for_a_failed_order_has_another_name_at_the_gateway(
    shop: Shop, gateway: Control, payment: dict[str, Any]
) -> None:
    order = "charge-second-attempt"
    attempts = [
        shop.charge(payment | {"order_id": order, "card_number": card}, f"{order}-{card}").json
        for card in (DECLINED, BLOCKED, APPROVED)
    ]
    assert [attempt["status"] for attempt in attempts] == ["failed", "blocked", "succeeded"]
    assert {attempt["order_id"] for attempt in attempts} == {order}, "the shop's own name for it stays"
    assert [posts(gateway, name) for name in (order, f"{order}~2", f"{order}~3", f"{order}~4")] == [1, 1, 1, 0]
    listed = shop.get(f"/charges?order_id={order}").json["data"]
    assert [attempt["id"] for attempt in listed] == [attempt["id"] for attempt in attempts]


def test_a_payment_without_an_order_is_sent_under_its_own_id(
    shop: Shop, gateway: Control, payment: dict[str, Any]
) -> None:
    made = shop.charge(payment, "charge-without-order").json
    assert made["order_id"] is None
    assert posts(gateway, made["id"]) == 1


def test_the_timeline_shows_each_event_and_its_evidence(shop: Shop, payment: dict[str, Any]) -> None:
    made = shop.charge(payment | {"card_number": DECLINED}, "charge-timeline").json
    timeline = shop.get(f"/charges/{made['id']}/events")
    assert timeline.status == 200
    assert [entry["type"] for entry in timeline.json["data"]] == ["payment.processing", "payment.failed"]
    assert timeline.json["data"][1]["evidence"] == {
        "gateway_status": "FAILED",
        "transaction_id": made["transaction_id"],
    }
    principals = {entry["principal"] for entry in timeline.json["data"]}
    assert len(principals) == 1
    (principal,) = principals
    assert principal.endswith(":user/shop")
    # An AWS account number, too, has twelve digits.
    text = json.dumps(timeline.json).replace(made["transaction_id"], "").replace(principal, "")
    assert not re.search(r"\d{12,}", text)
