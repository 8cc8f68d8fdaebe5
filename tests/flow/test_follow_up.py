"""Charges of which the shop heard nothing: 202, never sent again, and settled by asking what the bank believes."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from local.demo import document
from local.simulator.control_client import Control
from local.stack import Shop
from local.stack.api_client import Answer
from local.stack.subscriber import Subscriber
from tests.flow.waiting import Clerk, assert_charged_once, assert_told_without_a_gap

# What left us and came back as nothing.
IN_DOUBT: dict[str, dict[str, Any]] = {
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
def silence(shop: Shop, gateway: Control) -> Iterator[list[tuple[Answer, float]]]:
    """A charge that is never answered, begun first, for it takes half a minute; its answer, and when it came."""
    order = {name: value for name, value in document.payment().items() if name != "order_id"}
    gateway.script("charged-then-timeout", order_id="silence", webhook="lost")
    came: list[tuple[Answer, float]] = []

    def charge() -> None:
        begun = time.monotonic()
        came.append((shop.charge(order | {"order_id": "silence"}, "silence"), time.monotonic() - begun))

    caller = threading.Thread(target=charge, daemon=True)
    caller.start()
    yield came
    caller.join(35)


@pytest.fixture(autouse=True)
def _a_closed_circuit(shop: Shop, payment: dict[str, Any]) -> None:
    """A charge that is answered, so that five in a row that are not never come together and refuse the sixth."""
    deadline = time.monotonic() + 30
    while shop.charge(payment | {"card_number": "4242424242424242"}, f"sound-{time.monotonic_ns()}").status != 201:
        assert time.monotonic() < deadline, "the circuit stays open"
        time.sleep(0.5)


@pytest.fixture
def clerk(shop: Shop, overdue: Any, follow_up: Any, silence: Any) -> Clerk:
    return Clerk(shop, overdue, follow_up)


@pytest.mark.parametrize("scenario", IN_DOUBT)
def test_a_charge_in_doubt_is_never_sent_again_and_settled_by_asking(
    shop: Shop, gateway: Control, bus: Subscriber, clerk: Clerk, payment: dict[str, Any], scenario: str
) -> None:
    order = f"in-doubt-{scenario}"
    gateway.script(scenario, order_id=order, webhook="lost", **IN_DOUBT[scenario])
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
    settled = clerk.follow_up(first.json["id"], "succeeded")

    assert settled["transaction_id"] == gateway.transaction(order)["transaction_id"]
    assert_charged_once(gateway, order)
    assert_told_without_a_gap(bus, settled)
    last = shop.charge(body, order)
    assert (last.status, last.json["status"]) == (202, "succeeded")


def test_what_never_arrived_is_not_called_failed_before_its_time(
    shop: Shop, gateway: Control, clerk: Clerk, payment: dict[str, Any]
) -> None:
    order = "never-arrived"
    gateway.script("uncharged-500", order_id=order)
    made = shop.charge(payment | {"order_id": order}, order)
    assert made.status == 202
    for _ in range(3):
        clerk.hurry(made.json["id"])
    assert clerk.read(made.json["id"])["status"] == "processing", "silence is never failure"
    assert gateway.book()["status_requests"][order] >= 1
    assert gateway.book()["posts"][order] == 1


def test_a_status_that_lags_behind_is_asked_again(
    shop: Shop, gateway: Control, bus: Subscriber, clerk: Clerk, payment: dict[str, Any]
) -> None:
    order = "status-lags"
    gateway.script("charged-then-500", order_id=order, webhook="lost", status="missing", status_times=2)
    made = shop.charge(payment | {"order_id": order}, order)
    clerk.hurry(made.json["id"])
    assert clerk.read(made.json["id"])["status"] == "processing"
    settled = clerk.follow_up(made.json["id"], "succeeded")
    assert_charged_once(gateway, order)
    assert_told_without_a_gap(bus, settled)


@pytest.mark.parametrize("lie", ["amount", "currency", "order_id"])
def test_a_status_that_contradicts_what_was_sent_goes_to_a_human(
    shop: Shop, gateway: Control, bus: Subscriber, clerk: Clerk, payment: dict[str, Any], lie: str
) -> None:
    order = f"status-lies-{lie}"
    gateway.script("charged-then-500", order_id=order, webhook="lost", status_lie=lie)
    made = shop.charge(payment | {"order_id": order}, order)
    settled = clerk.follow_up(made.json["id"], "needs_review")
    assert settled["failure"]["code"] == "integrity_mismatch"
    assert_told_without_a_gap(bus, settled)
    retried = shop.charge(payment | {"order_id": order}, f"{order}-again")
    assert retried.status == 409, "money may have moved: the order takes no second payment"


def test_a_shopper_who_never_comes_back_is_asked_about(
    shop: Shop, gateway: Control, bus: Subscriber, clerk: Clerk, payment: dict[str, Any]
) -> None:
    order = "shopper-left"
    made = shop.charge(payment | {"order_id": order}, order).json
    clerk.hurry(made["id"])
    assert clerk.read(made["id"])["status"] == "requires_action"
    gateway.decide(order, "abandon", quietly=True)
    assert_told_without_a_gap(bus, clerk.follow_up(made["id"], "abandoned"))


def test_the_published_events_of_a_decline_reach_the_bus_without_any_webhook(
    shop: Shop, gateway: Control, bus: Subscriber, clerk: Clerk, payment: dict[str, Any]
) -> None:
    order = "declined-silently"
    gateway.script("decline", order_id=order, webhook="lost")
    made = shop.charge(payment | {"order_id": order}, order).json
    assert made["status"] == "failed"
    clerk.hurry(made["id"])
    assert_told_without_a_gap(bus, clerk.read(made["id"]))


def test_a_gateway_that_never_answers_is_given_up_before_api_gateway_gives_us_up(
    silence: list[tuple[Answer, float]], gateway: Control, bus: Subscriber, clerk: Clerk
) -> None:
    deadline = time.monotonic() + 35
    while not silence and time.monotonic() < deadline:
        time.sleep(0.1)
    ((answer, seconds),) = silence
    assert (answer.status, answer.json["status"]) == (202, "processing")
    assert seconds < 29
    settled = clerk.follow_up(answer.json["id"], "succeeded")
    assert_charged_once(gateway, "silence")
    assert_told_without_a_gap(bus, settled)
