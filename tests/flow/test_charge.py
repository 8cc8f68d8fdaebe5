"""Charges through the API: each row of the API's table that a gateway can bring about, and what the bank then holds."""

import json
import re
from typing import Any

import pytest

from local.simulator.control_client import Control
from local.stack import Shop, Stack
from local.stack.api_client import Answer
from tests.flow.functions import another_world, charge_directly

DECLINED, BLOCKED, APPROVED = "4000000000000002", "4000000000000010", "4242424242424242"
NOWHERE = "http://127.0.0.1:1"  # a port that nobody may listen on


def posts(gateway: Control, order: str) -> int:
    return int(gateway.book()["posts"].get(order, 0))


@pytest.mark.parametrize(
    ("scenario", "status", "failure"),
    [("decline", "failed", "declined"), ("blocked", "blocked", "blocked"), ("abandoned", "abandoned", "abandoned")],
)
def test_a_decline_is_a_result(
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
def test_a_card_of_any_brand_is_taken(shop: Shop, payment: dict[str, Any], card: str, brand: str) -> None:
    cvv = "1234" if brand == "amex" else "123"
    answer = shop.charge(payment | {"card_number": card, "card_cvv": cvv}, f"brand-{card}")
    assert (answer.status, answer.json["status"]) == (201, "succeeded")
    assert (answer.json["card"]["brand"], answer.json["card"]["last4"]) == (brand, card[-4:])


def test_a_field_that_the_gateway_refuses_is_told_by_name(
    shop: Shop, gateway: Control, payment: dict[str, Any]
) -> None:
    order = "charge-refused-422"
    errors = [
        {"field": "phone_number", "message": "phone_number is not in use"},
        {"field": "card_number", "message": "4242424242424242 is not a card"},
    ]
    gateway.script("refused-422", order_id=order, errors=errors)
    answer = shop.charge(payment | {"order_id": order, "card_number": APPROVED}, order)
    assert_problem(answer, 422, "refused_by_gateway", "never")
    told = {error["field"]: error["message"] for error in answer.json["errors"]}
    assert told["phone_number"] == "phone_number is not in use"
    assert told["card_number"], "named"
    assert APPROVED not in answer.body.decode(), "but what the gateway says of a card is not passed on"
    assert answer.json["payment"]["status"] == "failed"
    assert shop.get(f"/charges/{answer.json['payment']['id']}").json["failure"]["code"] == "invalid_request"


def test_a_request_that_the_gateway_refuses_without_a_word_is_refused(
    shop: Shop, gateway: Control, payment: dict[str, Any]
) -> None:
    order = "charge-refused-400"
    gateway.script("refused-400", order_id=order)
    assert_problem(shop.charge(payment | {"order_id": order}, order), 422, "refused_by_gateway", "never")


@pytest.mark.parametrize("scenario", ["bad-credentials", "forbidden"])
def test_our_own_credentials_are_our_own_problem(
    shop: Shop, gateway: Control, payment: dict[str, Any], scenario: str
) -> None:
    order = f"charge-{scenario}"
    for _ in range(2):  # a refused key is read anew once, and tried once more
        gateway.script(scenario, order_id=order)
    answer = shop.charge(payment | {"order_id": order}, order)
    assert_problem(answer, 502, "gateway_credentials", "never")
    assert answer.json["payment"]["status"] == "failed"
    assert 1 <= posts(gateway, order) <= 2
    assert not any(t["order_id"] == order for t in gateway.book()["transactions"])


def test_an_unreachable_gateway_leaves_nothing_behind_and_the_key_free(
    stack: Stack, shop: Shop, table: Any, payment: dict[str, Any]
) -> None:
    order = payment | {"order_id": "charge-unreachable", "card_number": APPROVED}
    before = {item["pk"] for item in table.scan()["Items"]}
    with another_world(stack, "ChargeFunction", GATEWAY_BASE_URL=NOWHERE):
        answer = charge_directly(stack, order, "charge-unreachable")
        assert_problem(answer, 503, "gateway_unreachable", "same-key")
        assert int(answer.headers["Retry-After"]) > 0
        assert {item["pk"] for item in table.scan()["Items"]} <= before, "neither a claim nor the order's lock"
    again = charge_directly(stack, order, "charge-unreachable")
    assert (again.status, again.json["status"]) == (201, "succeeded")
    assert "Idempotency-Replayed" not in again.headers


def test_the_same_request_again_is_the_same_payment_as_it_is_now(
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


def test_an_order_in_flight_or_paid_takes_no_second_payment(
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


def test_an_order_that_failed_is_tried_again_under_another_name(
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


def test_a_payment_without_an_order_goes_by_its_own_id(shop: Shop, gateway: Control, payment: dict[str, Any]) -> None:
    made = shop.charge(payment, "charge-without-order").json
    assert made["order_id"] is None
    assert posts(gateway, made["id"]) == 1


def test_the_timeline_tells_what_happened_and_what_it_rests_on(shop: Shop, payment: dict[str, Any]) -> None:
    made = shop.charge(payment | {"card_number": DECLINED}, "charge-timeline").json
    told = shop.get(f"/charges/{made['id']}/events")
    assert told.status == 200
    assert [entry["type"] for entry in told.json["data"]] == ["payment.processing", "payment.failed"]
    assert told.json["data"][1]["evidence"] == {"gateway_status": "FAILED", "transaction_id": made["transaction_id"]}
    assert not re.search(r"\d{12,}", json.dumps(told.json).replace(made["transaction_id"], ""))


def assert_problem(answer: Answer, status: int, code: str, retry: str) -> None:
    assert (answer.status, answer.json["code"], answer.json["retry"]) == (status, code, retry), answer.body
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json["status"] == status
