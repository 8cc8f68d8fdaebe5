"""At most one refund, whoever else acts at the same time: other callers, a chargeback, the follow-up, or a crash."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from local.simulator.control_client import Control
from local.stack import Shop, Stack
from local.stack.subscriber import Subscriber
from tests.flow.concurrency import at_once, retry_throttled, start_charge_functions
from tests.flow.conftest import Pay
from tests.flow.lambda_processes import kill, processes_of
from tests.flow.payment_tracker import PaymentTracker, assert_published_without_a_gap
from tests.flow.problems import assert_problem
from tests.flow.refunds import (
    PAID,
    REFUNDED,
    assert_charged_back_and_refund_failed,
    assert_refunded_once,
    backdate_refund,
    held_refund,
    published_names,
    refund,
    refund_posts,
)

AT_ONCE = 20
ROUNDS = 3
"""In the first round the emulator starts its functions; only from the second on do all callers arrive at once."""


def test_a_charged_back_payment_is_not_refunded(
    shop: Shop, gateway: Control, bus: Subscriber, tracker: PaymentTracker, pay: Pay
) -> None:
    order = "refund-charged-back"
    paid = pay(order)
    gateway.charge_back(order)
    for replayed in (None, "true"):
        answer = refund(shop, paid["id"], order)
        assert_problem(answer, 409, "already_charged_back", "never")
        assert answer.headers.get("Idempotency-Replayed") == replayed
    assert_problem(refund(shop, paid["id"], f"{order}-again"), 409, "already_charged_back", "never")
    assert refund_posts(gateway, order) == 1
    assert_charged_back_and_refund_failed(bus, tracker, paid["id"])


def test_a_chargeback_during_a_refund_request_makes_the_refund_fail(
    shop: Shop, gateway: Control, bus: Subscriber, tracker: PaymentTracker, pay: Pay
) -> None:
    order = "refund-overtaken"
    paid = pay(order)
    gateway.script("refund-stalled", call="refund", order_id=order)
    with held_refund(shop, gateway, paid["id"], order) as answers:
        gateway.charge_back(order)
        seen = shop.get(f"/charges/{paid['id']}?refresh=true").json
        assert (seen["chargeback"]["status"], seen["refund"]["status"]) == ("charged_back", "requested")
        assert_problem(refund(shop, paid["id"], f"{order}-2"), 409, "refund_in_progress", "after")
        gateway.release(order)
    assert_problem(answers[0], 409, "already_charged_back", "never")
    assert refund_posts(gateway, order) == 1
    assert gateway.transaction(order)["refunded_at"] is None
    assert_charged_back_and_refund_failed(bus, tracker, paid["id"])


def test_a_status_request_during_a_refund_request_decides_nothing(
    shop: Shop, gateway: Control, bus: Subscriber, tracker: PaymentTracker, pay: Pay
) -> None:
    order = "refund-asked-early"
    paid = pay(order)
    gateway.script("refund-stalled", call="refund", order_id=order)
    with held_refund(shop, gateway, paid["id"], order) as answers:
        for _ in range(2):
            tracker.follow_up(paid["id"])
        assert tracker.read(paid["id"])["refund"]["status"] == "requested"
        early = refund(shop, paid["id"], order)
        assert (early.status, early.headers["Idempotency-Replayed"]) == (202, "true")
        gateway.release(order)
    assert (answers[0].status, answers[0].json["refund"]["status"]) == (201, "refunded")
    assert_refunded_once(gateway, order)
    tracker.follow_up(paid["id"])
    assert_published_without_a_gap(bus, answers[0].json)
    assert published_names(bus, paid["id"]) == REFUNDED


@pytest.mark.parametrize("nth", range(ROUNDS))
def test_twenty_callers_with_one_key_lead_to_one_refund(
    shop: Shop, gateway: Control, bus: Subscriber, tracker: PaymentTracker, pay: Pay, nth: int
) -> None:
    start_charge_functions(shop, AT_ONCE)
    order = f"refund-one-key-{nth}"
    paid = pay(order)
    answers = at_once([partial(retry_throttled, partial(refund, shop, paid["id"], order))] * AT_ONCE)

    assert {answer.status for answer in answers} <= {201, 202}
    assert {answer.json["id"] for answer in answers} == {paid["id"]}
    assert [answer.headers.get("Idempotency-Replayed") for answer in answers].count(None) == 1
    assert_refunded_once(gateway, order)
    tracker.follow_up(paid["id"])
    assert_published_without_a_gap(bus, tracker.read(paid["id"]))
    assert published_names(bus, paid["id"]) == REFUNDED


@pytest.mark.parametrize("nth", range(ROUNDS))
def test_twenty_keys_for_one_payment_lead_to_one_refund(shop: Shop, gateway: Control, pay: Pay, nth: int) -> None:
    order = f"refund-many-keys-{nth}"
    paid = pay(order)
    answers = at_once(
        [partial(retry_throttled, partial(refund, shop, paid["id"], f"{order}-{nth}")) for nth in range(AT_ONCE)]
    )

    assert sorted(answer.status for answer in answers) == [201] + [409] * (AT_ONCE - 1)
    refused = {answer.json["code"] for answer in answers if answer.status == 409}
    assert refused <= {"refund_in_progress", "already_refunded"}
    assert_refunded_once(gateway, order)


def test_a_chargeback_after_a_refund_is_published_too(
    shop: Shop, gateway: Control, bus: Subscriber, tracker: PaymentTracker, pay: Pay
) -> None:
    order = "refund-then-chargeback"
    paid = pay(order)
    gateway.script("refunded-then-held", call="refund", order_id=order)
    with held_refund(shop, gateway, paid["id"], order) as answers:
        gateway.charge_back(order)
        gateway.release(order)
    assert (answers[0].status, answers[0].json["refund"]["status"]) == (201, "refunded")
    seen = shop.get(f"/charges/{paid['id']}?refresh=true").json
    assert (seen["refund"]["status"], seen["chargeback"]["status"]) == ("refunded", "charged_back")
    tracker.follow_up(paid["id"])
    assert_published_without_a_gap(bus, seen)
    assert published_names(bus, paid["id"]) == [*REFUNDED, "charged_back"]


def test_a_refund_and_a_chargeback_at_once_end_as_in_the_gateways_book(
    shop: Shop, gateway: Control, bus: Subscriber, tracker: PaymentTracker, pay: Pay
) -> None:
    orders = [f"refund-races-{nth}" for nth in range(4)]
    payments = {order: pay(order)["id"] for order in orders}
    for order, payment_id in payments.items():
        requests: list[Callable[[], Any]] = [
            partial(refund, shop, payment_id, order),
            partial(gateway.charge_back, order),
        ]
        answer, _ = at_once(requests)
        refunded_at = gateway.transaction(order)["refunded_at"]
        assert answer.status == (201 if refunded_at else 409)
        seen = shop.get(f"/charges/{payment_id}?refresh=true").json
        assert seen["refund"] == {"status": "refunded" if refunded_at else "failed", "refunded_at": refunded_at}
        assert seen["chargeback"]["charged_back_at"] == gateway.transaction(order)["charged_back_at"]
        assert refund_posts(gateway, order) == 1
        tracker.follow_up(payment_id)
        assert_published_without_a_gap(bus, seen)


def test_a_refund_killed_between_sending_and_its_answer_is_finished_by_the_follow_up(
    stack: Stack, shop: Shop, gateway: Control, bus: Subscriber, tracker: PaymentTracker, pay: Pay
) -> None:
    order = "refund-killed"
    paid = pay(order)
    gateway.script("refunded-then-held", call="refund", order_id=order)
    with held_refund(shop, gateway, paid["id"], order) as answers:
        kill(processes_of(stack, "ChargeFunction"))
    assert 201 not in [answer.status for answer in answers]
    assert tracker.read(paid["id"])["refund"]["status"] == "requested"
    repeat = refund(shop, paid["id"], order)
    assert (repeat.status, repeat.headers["Idempotency-Replayed"]) == (202, "true")

    final = tracker.follow_up_until_refund(paid["id"], "refunded")

    assert_refunded_once(gateway, order)
    assert_published_without_a_gap(bus, final)
    assert published_names(bus, paid["id"]) == REFUNDED
    assert refund(shop, paid["id"], order).json == final


def test_a_refund_killed_before_it_was_sent_fails_after_an_hour(
    stack: Stack, shop: Shop, gateway: Control, bus: Subscriber, tracker: PaymentTracker, pay: Pay, table: Any
) -> None:
    order = "refund-killed-early"
    paid = pay(order)
    gateway.script("refund-stalled", call="refund", order_id=order, outcome="nothing")
    with held_refund(shop, gateway, paid["id"], order):
        kill(processes_of(stack, "ChargeFunction"))
    tracker.follow_up(paid["id"])
    backdate_refund(table, paid["id"])
    failed = tracker.follow_up_until_refund(paid["id"], "failed")
    assert_published_without_a_gap(bus, failed)
    assert published_names(bus, paid["id"]) == [*PAID, "refund_requested", "refund_failed"]
