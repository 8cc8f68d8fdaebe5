"""Cancelling through the stack: the order is free at once; a shopper who pays all the same is recorded, or refunded."""

from collections.abc import Callable
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from local.simulator.control_client import Control
from local.stack import Shop, Stack
from local.stack.api_client import Answer
from local.stack.subscriber import Subscriber
from scripts.event_schemas import schemas
from tests.flow.lambda_calls import invoke, with_environment
from tests.flow.payment_tracker import PaymentTracker, assert_charged_once, assert_published_without_a_gap
from tests.flow.problems import assert_problem
from tests.flow.refunds import assert_refunded_once, published_names
from tests.recorded_events import recorded

OpenPage = Callable[[str], dict[str, Any]]


def cancel(shop: Shop, payment_id: str) -> Answer:
    return shop.post(f"/charges/{payment_id}/cancel", "")


@pytest.fixture
def open_page(shop: Shop, gateway: Control, payment: dict[str, Any]) -> OpenPage:
    """A payment that waits for its shopper on the gateway's page; no webhook comes."""

    def opened(order: str) -> dict[str, Any]:
        gateway.script("redirect", order_id=order, webhook="lost")
        made: dict[str, Any] = shop.charge(payment | {"order_id": order}, order).json
        assert made["status"] == "requires_action"
        return made

    return opened


def test_the_order_is_free_at_once_and_its_event_is_published(
    shop: Shop, gateway: Control, bus: Subscriber, tracker: PaymentTracker, payment: dict[str, Any], open_page: OpenPage
) -> None:
    order = "cancelled"
    left = open_page(order)
    again = payment | {"order_id": order}
    assert_problem(shop.charge(again, f"{order}-2"), 409, "order_payment_in_progress", "after")

    answer = cancel(shop, left["id"])

    assert (answer.status, answer.json["status"], answer.json["next_action"]) == (200, "requires_action", None)
    assert answer.json["superseded_at"] is not None
    assert cancel(shop, left["id"]).json == answer.json
    gateway.script("approve", order_id=f"{order}~2", webhook="lost")
    assert shop.charge(again, f"{order}-2").json["status"] == "succeeded"
    assert_charged_once(gateway, f"{order}~2")
    tracker.follow_up(left["id"])
    assert_published_without_a_gap(bus, tracker.read(left["id"]))
    (event,) = [event for event in bus.of(left["id"]) if event["detail-type"] == "payment.superseded"]
    Draft202012Validator(schemas()["payment.superseded"]).validate(event)


def test_a_shopper_who_pays_on_the_open_page_is_recorded(
    shop: Shop, gateway: Control, bus: Subscriber, tracker: PaymentTracker, open_page: OpenPage
) -> None:
    order = "cancelled-and-paid"
    left = open_page(order)
    cancel(shop, left["id"])
    gateway.decide(order, "approve", quietly=True)

    paid = tracker.follow_up_until(left["id"], "succeeded")

    assert paid["superseded_at"] is not None
    assert_published_without_a_gap(bus, paid)
    assert published_names(bus, left["id"]) == ["processing", "requires_action", "superseded", "succeeded"]
    assert cancel(shop, left["id"]).json == paid


def test_with_the_policy_refund_the_late_success_is_refunded_once(
    stack: Stack, gateway: Control, bus: Subscriber, tracker: PaymentTracker, open_page: OpenPage
) -> None:
    order = "cancelled-and-refunded"
    left = open_page(order)
    with with_environment(stack, "ChargeFunction", SUPERSEDED_PAYMENT_POLICY="refund"):
        event = recorded("charge-cancel", pathParameters={"id": left["id"]})
        assert invoke(stack, "ChargeFunction", event)["statusCode"] == 200
    gateway.decide(order, "approve", quietly=True)

    refunded = tracker.follow_up_until_refund(left["id"], "refunded")
    tracker.follow_up(left["id"])

    assert refunded["status"] == "succeeded"
    assert_refunded_once(gateway, order)
    assert_published_without_a_gap(bus, tracker.read(left["id"]))
    names = ["processing", "requires_action", "superseded", "succeeded", "refund_requested", "refunded"]
    assert published_names(bus, left["id"]) == names


def test_a_paid_payment_and_an_unknown_one_are_refused(shop: Shop, gateway: Control, payment: dict[str, Any]) -> None:
    order = "cancelled-too-late"
    gateway.script("approve", order_id=order, webhook="lost")
    paid = shop.charge(payment | {"order_id": order}, order).json
    refused = cancel(shop, paid["id"])
    assert_problem(refused, 409, "payment_succeeded", "never")
    assert refused.headers["Location"].endswith(f"/charges/{paid['id']}")
    assert_problem(cancel(shop, "pay_aaaaaaaaaaaaaaaaaaaaaaaaaa"), 404, "payment_not_found", "never")


def test_only_a_caller_of_the_api_may_cancel(shop: Shop, stranger: Shop, unsigned: Shop, open_page: OpenPage) -> None:
    left = open_page("cancelled-by-a-stranger")
    assert {cancel(stranger, left["id"]).status, cancel(unsigned, left["id"]).status} == {403}
    assert shop.get(f"/charges/{left['id']}").json == left
