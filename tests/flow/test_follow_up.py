"""Charges without a clear answer of the gateway: 202, never sent again, and decided by asking for their status."""

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from local.demo import document
from local.simulator.control_client import Control
from local.stack import Shop, Stack
from local.stack.api_client import Answer
from local.stack.subscriber import Subscriber
from tests.flow.payment_tracker import (
    DEADLINE_SECONDS,
    PaymentTracker,
    assert_charged_once,
    assert_published_without_a_gap,
)

API_GATEWAY_SECONDS = 29

# The request was sent, and the answer does not say what became of the charge.
NO_CLEAR_ANSWER: dict[str, dict[str, Any]] = {
    "charged-then-500": {},
    "charged-then-reset": {},
    "garbage": {},
    "charged-then-timeout": {"answer_seconds": 0.5},
    "charged-then-cut-off": {},
    "truncated": {},
    "elsewhere": {},
    "too-large": {"answer_bytes": 200_000},
    "unavailable": {"outcome": "approve"},
    "unknown-status": {},
    "init": {},
}


@pytest.fixture(scope="module")
def unanswered(shop: Shop, gateway: Control) -> Iterator[Future[Answer]]:
    """A charge that the gateway never answers: it takes half a minute, so it starts first, beside the other tests."""
    order = {name: value for name, value in document.payment().items() if name != "order_id"}
    gateway.script("charged-then-timeout", order_id="unanswered", webhook="lost")
    with ThreadPoolExecutor(1) as thread:
        yield thread.submit(shop.charge, order | {"order_id": "unanswered"}, "unanswered")


@pytest.fixture(autouse=True)
def _closed_circuit(shop: Shop, payment: dict[str, Any]) -> None:
    """Resets the circuit breaker with a charge that succeeds: five unanswered charges in a row would open it."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while shop.charge(payment | {"card_number": "4242424242424242"}, f"answered-{time.monotonic_ns()}").status != 201:
        assert time.monotonic() < deadline, "the circuit stays open"
        time.sleep(0.5)


@pytest.fixture
def tracker(tracker: PaymentTracker, unanswered: Future[Answer]) -> PaymentTracker:
    """The shared tracker, once the unanswered charge is under way."""
    assert not unanswered.cancelled()
    return tracker


@pytest.mark.parametrize("scenario", NO_CLEAR_ANSWER)
def test_a_charge_without_a_clear_answer_is_never_sent_again_and_decided_by_its_status(
    shop: Shop, gateway: Control, bus: Subscriber, tracker: PaymentTracker, payment: dict[str, Any], scenario: str
) -> None:
    order = f"in-doubt-{scenario}"
    gateway.script(scenario, order_id=order, webhook="lost", **NO_CLEAR_ANSWER[scenario])
    body = payment | {"order_id": order}
    first = shop.charge(body, order)
    assert (first.status, first.json["status"]) == (202, "processing")
    assert first.headers["Location"].endswith(first.json["id"])
    assert int(first.headers["Retry-After"]) > 0
    again = shop.charge(body, order)
    assert (again.status, again.json["id"]) == (202, first.json["id"])
    assert again.headers["Idempotency-Replayed"] == "true"
    assert shop.charge(body, f"{order}-impatient").json["code"] == "order_payment_in_progress"

    if scenario in {"unknown-status", "init"}:
        gateway.decide(order, "approve", quietly=True)
    final = tracker.follow_up_until(first.json["id"], "succeeded")

    assert final["transaction_id"] == gateway.transaction(order)["transaction_id"]
    assert_charged_once(gateway, order)
    assert_published_without_a_gap(bus, final)
    last = shop.charge(body, order)
    assert (last.status, last.json["status"]) == (202, "succeeded")


def test_a_charge_that_never_arrived_does_not_fail_at_once(
    shop: Shop, gateway: Control, tracker: PaymentTracker, payment: dict[str, Any]
) -> None:
    order = "never-arrived"
    gateway.script("uncharged-500", order_id=order)
    made = shop.charge(payment | {"order_id": order}, order)
    assert made.status == 202
    for _ in range(3):
        tracker.follow_up(made.json["id"])
    assert tracker.read(made.json["id"])["status"] == "processing", "no answer is not a failure"
    assert gateway.book()["status_requests"][order] >= 1
    assert gateway.book()["posts"][order] == 1


def test_a_status_that_lags_is_asked_for_again(
    shop: Shop, gateway: Control, bus: Subscriber, tracker: PaymentTracker, payment: dict[str, Any]
) -> None:
    order = "status-lags"
    gateway.script("charged-then-500", order_id=order, webhook="lost", status="missing", status_times=2)
    made = shop.charge(payment | {"order_id": order}, order)
    tracker.follow_up(made.json["id"])
    assert tracker.read(made.json["id"])["status"] == "processing"
    final = tracker.follow_up_until(made.json["id"], "succeeded")
    assert_charged_once(gateway, order)
    assert_published_without_a_gap(bus, final)


@pytest.mark.parametrize("lie", ["amount", "currency", "order_id"])
def test_a_status_that_contradicts_the_request_goes_to_review(
    shop: Shop, gateway: Control, bus: Subscriber, tracker: PaymentTracker, payment: dict[str, Any], lie: str
) -> None:
    order = f"status-lies-{lie}"
    gateway.script("charged-then-500", order_id=order, webhook="lost", status_lie=lie)
    made = shop.charge(payment | {"order_id": order}, order)
    final = tracker.follow_up_until(made.json["id"], "needs_review")
    assert final["failure"]["code"] == "integrity_mismatch"
    assert_published_without_a_gap(bus, final)
    retried = shop.charge(payment | {"order_id": order}, f"{order}-again")
    assert retried.status == 409, "money may have moved: the order takes no second payment"


def test_the_follow_up_asks_about_a_shopper_who_never_returns(
    shop: Shop, gateway: Control, bus: Subscriber, tracker: PaymentTracker, payment: dict[str, Any]
) -> None:
    order = "shopper-left"
    made = shop.charge(payment | {"order_id": order}, order).json
    tracker.follow_up(made["id"])
    assert tracker.read(made["id"])["status"] == "requires_action"
    gateway.decide(order, "abandon", quietly=True)
    assert_published_without_a_gap(bus, tracker.follow_up_until(made["id"], "abandoned"))


def test_a_decline_is_published_without_a_webhook(
    shop: Shop, gateway: Control, bus: Subscriber, tracker: PaymentTracker, payment: dict[str, Any]
) -> None:
    order = "declined-silently"
    gateway.script("decline", order_id=order, webhook="lost")
    made = shop.charge(payment | {"order_id": order}, order).json
    assert made["status"] == "failed"
    tracker.follow_up(made["id"])
    assert_published_without_a_gap(bus, tracker.read(made["id"]))


def test_a_charge_that_is_never_answered_ends_before_api_gateway_gives_up(
    unanswered: Future[Answer], stack: Stack, gateway: Control, bus: Subscriber, tracker: PaymentTracker
) -> None:
    answer = unanswered.result(timeout=DEADLINE_SECONDS)
    assert (answer.status, answer.json["status"]) == (202, "processing"), "answered within the function's own time"
    functions = stack.admin.client("lambda")
    function = functions.get_function_configuration(FunctionName=stack.functions["ChargeFunction"], Qualifier="live")
    assert function["Timeout"] < API_GATEWAY_SECONDS

    final = tracker.follow_up_until(answer.json["id"], "succeeded")

    assert_charged_once(gateway, "unanswered")
    assert_published_without_a_gap(bus, final)
