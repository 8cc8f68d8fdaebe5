"""Refunds without a clear answer of the gateway: 202, never sent again, and decided by the status or a webhook."""

from typing import Any

import pytest

from local.simulator.control_client import Control
from local.stack import Shop
from local.stack.subscriber import Subscriber
from tests.flow.conftest import Pay
from tests.flow.payment_tracker import PaymentTracker, assert_published_without_a_gap
from tests.flow.problems import assert_problem
from tests.flow.refunds import (
    PAID,
    REFUNDED,
    assert_refunded_once,
    backdate_refund,
    published_names,
    refund,
    refund_posts,
)

# The gateway refunds, and its answer does not say so.
NO_CLEAR_ANSWER: dict[str, dict[str, Any]] = {
    "refunded-then-500": {},
    "refunded-then-503": {},
    "refunded-then-reset": {},
    "refunded-then-cut-off": {},
    "refunded-then-garbage": {},
    "refunded-then-timeout": {"answer_seconds": 0.5},
    "refunded-then-elsewhere": {},
    "refunded-unflagged": {},
    "refunded-wrong-amount": {},
    "refunded-wrong-transaction-id": {},
    "refunded-then-timeout-status-lags": {"answer_seconds": 0.5},
    "refunded-but-refused": {"status": "unavailable"},
}

# Answers of the status API that do not deny a refund.
NO_DENIAL: dict[str, dict[str, Any]] = {
    "unavailable": {"status": "unavailable", "status_times": 9},
    "missing": {"status": "missing", "status_times": 9},
    "another amount": {"status_lie": "amount"},
    "another payment": {"status_lie": "order_id"},
    "another verdict": {"status_lie": "status"},
}


@pytest.mark.parametrize("scenario", NO_CLEAR_ANSWER)
def test_a_refund_without_a_clear_answer_is_never_sent_again_and_decided_by_its_status(
    shop: Shop, gateway: Control, bus: Subscriber, tracker: PaymentTracker, pay: Pay, scenario: str
) -> None:
    order = scenario
    paid = pay(order)
    gateway.script(scenario, call="refund", order_id=order, **NO_CLEAR_ANSWER[scenario])
    for replayed in (None, "true"):
        answer = refund(shop, paid["id"], order)
        assert (answer.status, answer.json["refund"]["status"]) == (202, "requested")
        assert int(answer.headers["Retry-After"]) > 0
        assert answer.headers.get("Idempotency-Replayed") == replayed
    assert_problem(refund(shop, paid["id"], f"{order}-impatient"), 409, "refund_in_progress", "after")

    final = tracker.follow_up_until_refund(paid["id"], "refunded")

    assert_refunded_once(gateway, order)
    assert_published_without_a_gap(bus, final)
    assert published_names(bus, paid["id"]) == REFUNDED
    assert bus.of(paid["id"])[-1]["detail"]["metadata"]["source"] == "status"
    last = refund(shop, paid["id"], order)
    assert (last.status, last.json, last.headers.get("Retry-After")) == (202, final, None)


@pytest.mark.parametrize("scenario", ["refunded-with-500", "refunded-but-refused", "refunded-status-lags"])
def test_an_answer_that_shows_the_refund_is_enough(shop: Shop, gateway: Control, pay: Pay, scenario: str) -> None:
    order = f"verdict-{scenario}"
    paid = pay(order)
    gateway.script(scenario, call="refund", order_id=order)
    answer = refund(shop, paid["id"], order)
    assert (answer.status, answer.json["refund"]["status"]) == (201, "refunded")
    assert_refunded_once(gateway, order)


@pytest.mark.parametrize("source", ["status", "webhook"])
def test_a_refund_without_a_clear_answer_is_decided_by_the_first_source(
    shop: Shop, gateway: Control, bus: Subscriber, tracker: PaymentTracker, pay: Pay, source: str
) -> None:
    order = f"refund-decided-by-{source}"
    paid = pay(order)
    gateway.script("refunded-then-500", call="refund", order_id=order)
    assert refund(shop, paid["id"], order).status == 202
    if source == "status":
        shop.get(f"/charges/{paid['id']}?refresh=true")
    else:
        assert gateway.announce(order, webhook="prompt")
        assert gateway.wait(order, delivered=1)
    final = tracker.read(paid["id"])
    assert final["refund"]["status"] == "refunded"
    tracker.follow_up(paid["id"])
    assert_published_without_a_gap(bus, final)
    assert published_names(bus, paid["id"]) == REFUNDED


@pytest.mark.parametrize("scenario", ["not-refunded-unflagged", "already-refunded"])
def test_a_refund_that_the_gateway_accepted_may_be_done_hours_later(
    shop: Shop, gateway: Control, bus: Subscriber, tracker: PaymentTracker, pay: Pay, table: Any, scenario: str
) -> None:
    order = scenario
    paid = pay(order)
    gateway.script(scenario, call="refund", order_id=order)
    assert refund(shop, paid["id"], order).status == 202
    backdate_refund(table, paid["id"])
    for _ in range(3):
        tracker.follow_up(paid["id"])
    assert tracker.read(paid["id"])["refund"]["status"] == "requested", "the gateway answered, so it may only be slow"
    assert refund(shop, paid["id"], f"{order}-anew").json["code"] == "refund_in_progress"

    gateway.refund(order)

    assert_published_without_a_gap(bus, tracker.follow_up_until_refund(paid["id"], "refunded"))
    assert published_names(bus, paid["id"]) == REFUNDED


def test_a_refund_that_was_never_done_fails_after_an_hour_at_the_earliest(
    shop: Shop, gateway: Control, bus: Subscriber, tracker: PaymentTracker, pay: Pay, table: Any
) -> None:
    order = "not-refunded-500"
    paid = pay(order)
    gateway.script(order, call="refund", order_id=order)
    assert refund(shop, paid["id"], order).status == 202
    for _ in range(3):
        tracker.follow_up(paid["id"])
    assert tracker.read(paid["id"])["refund"]["status"] == "requested", "for an hour the status may lag"
    assert gateway.book()["status_requests"][order] >= 2

    backdate_refund(table, paid["id"])
    failed = tracker.follow_up_until_refund(paid["id"], "failed")

    assert failed["status"] == "succeeded"
    assert_published_without_a_gap(bus, failed)
    assert published_names(bus, paid["id"]) == [*PAID, "refund_requested", "refund_failed"]
    late = refund(shop, paid["id"], order)
    assert (late.status, late.json["refund"]["status"]) == (202, "failed"), "as it was answered first"
    assert refund(shop, paid["id"], f"{order}-anew").status == 201
    assert refund_posts(gateway, order) == 2


@pytest.mark.parametrize("status", NO_DENIAL)
def test_only_a_clear_denial_makes_a_refund_fail(
    shop: Shop, gateway: Control, tracker: PaymentTracker, pay: Pay, table: Any, status: str
) -> None:
    order = f"refund-not-denied-{status.replace(' ', '-')}"
    paid = pay(order)
    gateway.script("not-refunded-500", call="refund", order_id=order, **NO_DENIAL[status])
    assert refund(shop, paid["id"], order).status == 202
    backdate_refund(table, paid["id"])
    for _ in range(3):
        tracker.follow_up(paid["id"])
    still = tracker.read(paid["id"])
    assert (still["status"], still["refund"]["status"]) == ("succeeded", "requested")
    assert gateway.book()["status_requests"][order] >= 2
