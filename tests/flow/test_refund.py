"""Refunds through the stack: the whole amount once, and a clear answer to every request that cannot be fulfilled."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from local.simulator.control_client import Control
from local.stack import Shop, Stack
from local.stack.subscriber import Subscriber
from scripts.event_schemas import schemas
from tests.flow.conftest import Pay
from tests.flow.lambda_calls import refund_directly, with_environment
from tests.flow.payment_tracker import PaymentTracker, assert_published_without_a_gap
from tests.flow.problems import assert_problem
from tests.flow.refunds import (
    PAID,
    REASON,
    REFUNDED,
    assert_refunded_once,
    published_names,
    refund,
    refund_posts,
)

NOWHERE = "http://127.0.0.1:1"  # a port on which nothing listens


def test_the_whole_amount_is_refunded_and_published(
    shop: Shop, gateway: Control, bus: Subscriber, tracker: PaymentTracker, pay: Pay
) -> None:
    order = "refund-plain"
    paid = pay(order)
    answer = refund(shop, paid["id"], order)

    assert answer.status == 201
    assert answer.headers["Location"].endswith(f"/charges/{paid['id']}")
    assert "Idempotency-Replayed" not in answer.headers
    given_back = answer.json
    assert given_back["refund"]["status"] == "refunded"
    assert given_back["refund"]["refunded_at"] is not None
    fresh = {"refund", "version", "updated_at", "message"}
    assert {k: v for k, v in given_back.items() if k not in fresh} == {k: v for k, v in paid.items() if k not in fresh}
    assert shop.get(f"/charges/{paid['id']}").json == given_back
    assert_refunded_once(gateway, order)
    (asked,) = [r for r in gateway.book()["requests"] if r["call"] == "refund" and r["order_id"] == order]
    assert asked["decrypted"] == {"transaction_id": paid["transaction_id"], "reason": REASON}

    tracker.follow_up(paid["id"])
    assert_published_without_a_gap(bus, given_back)
    assert published_names(bus, paid["id"]) == REFUNDED
    timeline = shop.get(f"/charges/{paid['id']}/events").json["data"]
    assert [(entry["type"], entry["published"]) for entry in timeline] == [(f"payment.{n}", True) for n in REFUNDED]
    facts = [event["detail"]["data"]["refund"] for event in bus.of(paid["id"])][-2:]
    assert facts == [{"status": "requested", "refunded_at": None}, given_back["refund"]]
    for event in bus.of(paid["id"])[-2:]:
        assert event["detail"]["data"]["status"] == event["detail"]["data"]["previous_status"] == "succeeded"
        Draft202012Validator(schemas()[event["detail-type"]]).validate(event)


def test_a_retry_gets_the_same_answer_and_another_request_is_refused(shop: Shop, gateway: Control, pay: Pay) -> None:
    order = "refund-repeated"
    paid = pay(order)
    first = refund(shop, paid["id"], order)
    again = refund(shop, paid["id"], order)
    assert (again.status, again.headers["Idempotency-Replayed"]) == (201, "true")
    assert again.json == first.json
    assert again.headers["Location"] == first.headers["Location"]

    assert_problem(refund(shop, paid["id"], order, "Another reason."), 422, "idempotency_key_reused", "never")
    second = refund(shop, paid["id"], f"{order}-again")
    assert_problem(second, 409, "already_refunded", "never")
    assert second.headers["Location"] == first.headers["Location"]
    assert_refunded_once(gateway, order)


def test_the_key_of_a_charge_may_be_used_for_its_refund_and_for_another_payments_refund(
    shop: Shop, gateway: Control, pay: Pay
) -> None:
    orders = ["refund-same-key-1", "refund-same-key-2"]
    for paid in [pay(order) for order in orders]:
        assert refund(shop, paid["id"], orders[0]).status == 201
    for order in orders:
        assert_refunded_once(gateway, order)


@pytest.mark.parametrize("scenario", ["redirect", "decline", "pending", "wrong-amount", "charged-then-500"])
def test_an_unpaid_payment_is_not_refunded(
    shop: Shop, gateway: Control, payment: dict[str, Any], scenario: str
) -> None:
    order = f"refund-unpaid-{scenario}"
    gateway.script(scenario, order_id=order, webhook="lost")
    made = shop.charge(payment | {"order_id": order}, order).json
    assert_problem(refund(shop, made["id"], order), 409, "not_succeeded", "after")
    assert refund_posts(gateway, order) == 0
    assert shop.get(f"/charges/{made['id']}").json == made


def test_a_partial_refund_is_refused_and_the_key_stays_free(shop: Shop, gateway: Control, pay: Pay) -> None:
    order = "refund-partial"
    paid = pay(order)
    answer = refund(shop, paid["id"], order, amount=50)
    assert_problem(answer, 422, "invalid_request", "never")
    (error,) = answer.json["errors"]
    assert (error["field"], error["code"]) == ("amount", "partial_refund_not_supported")
    assert "whole amount" in error["message"]
    assert refund_posts(gateway, order) == 0
    assert refund(shop, paid["id"], order).status == 201, "the key is not used up"


@pytest.mark.parametrize(("scenario", "fields"), [("refund-refused-422", ["reason"]), ("refund-refused-400", [])])
def test_a_refund_refused_by_the_gateway_fails_and_may_be_requested_again(
    shop: Shop, gateway: Control, bus: Subscriber, tracker: PaymentTracker, pay: Pay, scenario: str, fields: list[str]
) -> None:
    order = scenario
    paid = pay(order)
    gateway.script(scenario, call="refund", order_id=order, message="Refunds are closed today.")
    for replayed in (None, "true"):
        answer = refund(shop, paid["id"], order)
        assert_problem(answer, 422, "refund_refused", "after")
        assert answer.json["detail"] == "Refunds are closed today."
        assert [error["field"] for error in answer.json.get("errors", [])] == fields
        assert (answer.json["payment"]["status"], answer.json["payment"]["refund"]["status"]) == ("succeeded", "failed")
        assert answer.headers.get("Idempotency-Replayed") == replayed
    assert refund_posts(gateway, order) == 1

    assert refund(shop, paid["id"], f"{order}-anew").status == 201
    assert_problem(refund(shop, paid["id"], order), 422, "refund_refused", "after")
    assert refund_posts(gateway, order) == 2
    tracker.follow_up(paid["id"])
    assert_published_without_a_gap(bus, tracker.read(paid["id"]))
    assert published_names(bus, paid["id"]) == [
        *PAID,
        "refund_requested",
        "refund_failed",
        "refund_requested",
        "refunded",
    ]


@pytest.mark.parametrize("scenario", ["refund-bad-credentials"])
def test_refused_credentials_are_a_server_error(
    shop: Shop, gateway: Control, bus: Subscriber, tracker: PaymentTracker, pay: Pay, scenario: str
) -> None:
    order = scenario
    paid = pay(order)
    gateway.script(scenario, call="refund", order_id=order)
    for _ in range(2):
        answer = refund(shop, paid["id"], order)
        assert_problem(answer, 502, "gateway_credentials", "after")
        assert answer.json["payment"]["refund"]["status"] == "failed"
    assert refund_posts(gateway, order) == 1, "under the same keys nothing is sent again"
    assert gateway.transaction(order)["refunded_at"] is None
    tracker.follow_up(paid["id"])
    assert_published_without_a_gap(bus, tracker.read(paid["id"]))
    assert published_names(bus, paid["id"]) == [*PAID, "refund_requested", "refund_failed"]


def test_an_unreachable_gateway_leaves_the_key_free(
    stack: Stack, gateway: Control, bus: Subscriber, tracker: PaymentTracker, pay: Pay
) -> None:
    order = "refund-unreachable"
    paid = pay(order)
    with with_environment(stack, "ChargeFunction", GATEWAY_BASE_URL=NOWHERE):
        for _ in range(2):
            answer = refund_directly(stack, paid["id"], order, REASON)
            assert_problem(answer, 503, "gateway_unreachable", "same-key")
            assert int(answer.headers["Retry-After"]) > 0
    assert tracker.read(paid["id"])["refund"]["status"] == "failed"
    assert refund_posts(gateway, order) == 0
    again = refund_directly(stack, paid["id"], order, REASON)
    assert (again.status, again.json["refund"]["status"]) == (201, "refunded")
    assert "Idempotency-Replayed" not in again.headers
    assert_refunded_once(gateway, order)
    tracker.follow_up(paid["id"])
    assert_published_without_a_gap(bus, tracker.read(paid["id"]))
    tried = ["refund_requested", "refund_failed"]
    assert published_names(bus, paid["id"]) == [*PAID, *tried, *tried, "refund_requested", "refunded"]


def test_a_refund_made_in_the_gateways_dashboard_counts_as_refunded(
    shop: Shop, gateway: Control, bus: Subscriber, tracker: PaymentTracker, pay: Pay
) -> None:
    order = "refund-dashboard"
    paid = pay(order)
    gateway.refund(order)
    answer = refund(shop, paid["id"], order)
    assert (answer.status, answer.json["refund"]["status"]) == (201, "refunded")
    assert answer.json["refund"]["refunded_at"] == gateway.transaction(order)["refunded_at"]
    tracker.follow_up(paid["id"])
    assert_published_without_a_gap(bus, answer.json)
    assert published_names(bus, paid["id"]) == REFUNDED


@pytest.mark.parametrize("who", ["unsigned", "stranger"])
def test_a_caller_without_permission_refunds_nothing(
    who: str, gateway: Control, tracker: PaymentTracker, pay: Pay, request: pytest.FixtureRequest
) -> None:
    order = f"refund-{who}"
    paid = pay(order)
    refused: Shop = request.getfixturevalue(who)
    assert refund(refused, paid["id"], order).status == 403
    assert refund_posts(gateway, order) == 0
    assert tracker.read(paid["id"])["refund"]["status"] == "none"
