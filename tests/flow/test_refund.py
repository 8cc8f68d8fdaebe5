"""Refunds through the stack: the whole amount goes back at most once, and what became of it is known in the end."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from local.simulator.control import Control
from local.stack import Shop, Stack
from local.stack.shop import Answer
from local.stack.subscriber import Subscriber
from scripts.event_schemas import schemas
from tests.flow.functions import another_world, refund_directly
from tests.flow.refunds import REASON, asked_back, assert_sent_back_once, refund, told
from tests.flow.waiting import Clerk, assert_told_without_a_gap
from tests.flow.workers import kill, workers

NOWHERE = "http://127.0.0.1:1"  # a port that nobody may listen on
AT_ONCE = 20
ROUNDS = 3
"""In the first one the emulator is still starting workers; from the second on all callers are really there at once."""

PAID = ["processing", "succeeded"]
GIVEN_BACK = [*PAID, "refund_requested", "refunded"]

# The bank refunds, and the answer does not let us know.
IN_DOUBT: dict[str, dict[str, Any]] = {
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

# What a status may be that denies no refund.
NO_DENIAL: dict[str, dict[str, Any]] = {
    "unavailable": {"status": "unavailable", "status_times": 9},
    "missing": {"status": "missing", "status_times": 9},
    "another amount": {"status_lie": "amount"},
    "another payment": {"status_lie": "order_id"},
    "another verdict": {"status_lie": "status"},
}

Pay = Callable[[str], dict[str, Any]]


@pytest.fixture
def pay(shop: Shop, gateway: Control, payment: dict[str, Any]) -> Pay:
    """Pays an order; no webhook comes, so that nothing happens but what the test does."""

    def paid(order: str) -> dict[str, Any]:
        gateway.script("approve", order_id=order, webhook="lost")
        answer = shop.charge(payment | {"order_id": order}, order)
        assert (answer.status, answer.json["status"]) == (201, "succeeded"), answer.body
        made: dict[str, Any] = answer.json
        return made

    return paid


@pytest.fixture
def clerk(shop: Shop, overdue: Any, follow_up: Any) -> Clerk:
    return Clerk(shop, overdue, follow_up)


def test_the_whole_amount_goes_back_and_everybody_is_told(
    shop: Shop, gateway: Control, bus: Subscriber, clerk: Clerk, pay: Pay
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
    assert_sent_back_once(gateway, order)
    (asked,) = [r for r in gateway.book()["requests"] if r["call"] == "refund" and r["order_id"] == order]
    assert asked["decrypted"] == {"transaction_id": paid["transaction_id"], "reason": REASON}

    clerk.hurry(paid["id"])
    assert_told_without_a_gap(bus, given_back)
    assert told(bus, paid["id"]) == GIVEN_BACK
    timeline = shop.get(f"/charges/{paid['id']}/events").json["data"]
    assert [(entry["type"], entry["published"]) for entry in timeline] == [(f"payment.{n}", True) for n in GIVEN_BACK]
    facts = [event["detail"]["data"]["refund"] for event in bus.of(paid["id"])][-2:]
    assert facts == [{"status": "requested", "refunded_at": None}, given_back["refund"]]
    for event in bus.of(paid["id"])[-2:]:
        assert event["detail"]["data"]["status"] == event["detail"]["data"]["previous_status"] == "succeeded"
        Draft202012Validator(schemas()[event["detail-type"]]).validate(event)


def test_a_repeat_is_answered_alike_and_another_request_is_refused(shop: Shop, gateway: Control, pay: Pay) -> None:
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
    assert_sent_back_once(gateway, order)


def test_the_key_of_a_charge_may_be_the_key_of_its_refund_and_of_another_ones(
    shop: Shop, gateway: Control, pay: Pay
) -> None:
    orders = ["refund-same-key-1", "refund-same-key-2"]
    for paid in [pay(order) for order in orders]:
        assert refund(shop, paid["id"], orders[0]).status == 201
    for order in orders:
        assert_sent_back_once(gateway, order)


@pytest.mark.parametrize("scenario", ["redirect", "decline", "pending", "wrong-amount", "charged-then-500"])
def test_what_is_not_paid_is_not_given_back(
    shop: Shop, gateway: Control, payment: dict[str, Any], scenario: str
) -> None:
    order = f"refund-unpaid-{scenario}"
    gateway.script(scenario, order_id=order, webhook="lost")
    made = shop.charge(payment | {"order_id": order}, order).json
    assert_problem(refund(shop, made["id"], order), 409, "not_succeeded", "after")
    assert asked_back(gateway, order) == 0
    assert shop.get(f"/charges/{made['id']}").json == made


def test_a_part_of_the_amount_is_refused_with_the_reason(shop: Shop, gateway: Control, pay: Pay) -> None:
    order = "refund-partial"
    paid = pay(order)
    answer = refund(shop, paid["id"], order, amount=50)
    assert_problem(answer, 422, "invalid_request", "never")
    (error,) = answer.json["errors"]
    assert (error["field"], error["code"]) == ("amount", "partial_refund_not_supported")
    assert "whole amount" in error["message"]
    assert asked_back(gateway, order) == 0
    assert refund(shop, paid["id"], order).status == 201, "the key is not used up"


@pytest.mark.parametrize(("scenario", "fields"), [("refund-refused-422", ["reason"]), ("refund-refused-400", [])])
def test_a_refund_that_the_gateway_refuses_has_failed_and_may_be_asked_for_anew(
    shop: Shop, gateway: Control, bus: Subscriber, clerk: Clerk, pay: Pay, scenario: str, fields: list[str]
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
    assert asked_back(gateway, order) == 1

    assert refund(shop, paid["id"], f"{order}-anew").status == 201
    assert_problem(refund(shop, paid["id"], order), 422, "refund_refused", "after")
    assert asked_back(gateway, order) == 2
    clerk.hurry(paid["id"])
    assert_told_without_a_gap(bus, clerk.read(paid["id"]))
    assert told(bus, paid["id"]) == [*PAID, "refund_requested", "refund_failed", "refund_requested", "refunded"]


def test_what_went_back_from_the_gateways_dashboard_is_settled_as_refunded(
    shop: Shop, gateway: Control, bus: Subscriber, clerk: Clerk, pay: Pay
) -> None:
    order = "refund-dashboard"
    paid = pay(order)
    gateway.refund(order)
    answer = refund(shop, paid["id"], order)
    assert (answer.status, answer.json["refund"]["status"]) == (201, "refunded")
    assert answer.json["refund"]["refunded_at"] == gateway.transaction(order)["refunded_at"]
    clerk.hurry(paid["id"])
    assert_told_without_a_gap(bus, answer.json)
    assert told(bus, paid["id"]) == GIVEN_BACK


def test_what_the_cardholders_bank_took_back_is_not_given_back_twice(
    shop: Shop, gateway: Control, bus: Subscriber, clerk: Clerk, pay: Pay
) -> None:
    order = "refund-charged-back"
    paid = pay(order)
    gateway.charge_back(order)
    for replayed in (None, "true"):
        answer = refund(shop, paid["id"], order)
        assert_problem(answer, 409, "already_charged_back", "never")
        assert answer.headers.get("Idempotency-Replayed") == replayed
    assert_problem(refund(shop, paid["id"], f"{order}-again"), 409, "already_charged_back", "never")
    assert asked_back(gateway, order) == 1
    assert_both_facts_told(bus, clerk, paid["id"])


def test_a_chargeback_that_overtakes_a_refund_leaves_one_of_them(
    shop: Shop, gateway: Control, bus: Subscriber, clerk: Clerk, pay: Pay
) -> None:
    order = "refund-overtaken"
    paid = pay(order)
    gateway.script("refund-stalled", call="refund", order_id=order)
    with on_its_way(shop, gateway, paid["id"], order) as answers:
        gateway.charge_back(order)
        seen = shop.get(f"/charges/{paid['id']}?refresh=true").json
        assert (seen["chargeback"]["status"], seen["refund"]["status"]) == ("charged_back", "requested")
        assert_problem(refund(shop, paid["id"], f"{order}-2"), 409, "refund_in_progress", "after")
        gateway.release(order)
    assert_problem(answers[0], 409, "already_charged_back", "never")
    assert asked_back(gateway, order) == 1
    assert gateway.transaction(order)["refunded_at"] is None
    assert_both_facts_told(bus, clerk, paid["id"])


def test_a_question_while_the_refund_is_on_its_way_decides_nothing(
    shop: Shop, gateway: Control, bus: Subscriber, clerk: Clerk, pay: Pay
) -> None:
    order = "refund-asked-early"
    paid = pay(order)
    gateway.script("refund-stalled", call="refund", order_id=order)
    with on_its_way(shop, gateway, paid["id"], order) as answers:
        for _ in range(2):
            clerk.hurry(paid["id"])
        assert clerk.read(paid["id"])["refund"]["status"] == "requested"
        early = refund(shop, paid["id"], order)
        assert (early.status, early.headers["Idempotency-Replayed"]) == (202, "true")
        gateway.release(order)
    assert (answers[0].status, answers[0].json["refund"]["status"]) == (201, "refunded")
    assert_sent_back_once(gateway, order)
    clerk.hurry(paid["id"])
    assert_told_without_a_gap(bus, answers[0].json)
    assert told(bus, paid["id"]) == GIVEN_BACK


@pytest.mark.parametrize("scenario", IN_DOUBT)
def test_a_refund_in_doubt_is_never_sent_again_and_settled_by_asking(
    shop: Shop, gateway: Control, bus: Subscriber, clerk: Clerk, pay: Pay, scenario: str
) -> None:
    order = scenario
    paid = pay(order)
    gateway.script(scenario, call="refund", order_id=order, **IN_DOUBT[scenario])
    for replayed in (None, "true"):
        answer = refund(shop, paid["id"], order)
        assert (answer.status, answer.json["refund"]["status"]) == (202, "requested")
        assert int(answer.headers["Retry-After"]) > 0
        assert answer.headers.get("Idempotency-Replayed") == replayed
    assert_problem(refund(shop, paid["id"], f"{order}-impatient"), 409, "refund_in_progress", "after")

    settled = clerk.follow_up_refund(paid["id"], "refunded")

    assert_sent_back_once(gateway, order)
    assert_told_without_a_gap(bus, settled)
    assert told(bus, paid["id"]) == GIVEN_BACK
    assert bus.of(paid["id"])[-1]["detail"]["metadata"]["source"] == "status"
    last = refund(shop, paid["id"], order)
    assert (last.status, last.json, last.headers.get("Retry-After")) == (202, settled, None)


@pytest.mark.parametrize("scenario", ["refunded-with-500", "refunded-but-refused", "refunded-status-lags"])
def test_an_answer_that_can_be_made_out_is_a_verdict(shop: Shop, gateway: Control, pay: Pay, scenario: str) -> None:
    order = f"verdict-{scenario}"
    paid = pay(order)
    gateway.script(scenario, call="refund", order_id=order)
    answer = refund(shop, paid["id"], order)
    assert (answer.status, answer.json["refund"]["status"]) == (201, "refunded")
    assert_sent_back_once(gateway, order)


@pytest.mark.parametrize("witness", ["status", "webhook"])
def test_a_refund_in_doubt_is_settled_by_whoever_hears_of_it_first(
    shop: Shop, gateway: Control, bus: Subscriber, clerk: Clerk, pay: Pay, witness: str
) -> None:
    order = f"refund-heard-by-{witness}"
    paid = pay(order)
    gateway.script("refunded-then-500", call="refund", order_id=order)
    assert refund(shop, paid["id"], order).status == 202
    if witness == "status":
        shop.get(f"/charges/{paid['id']}?refresh=true")
    else:
        assert gateway.announce(order, webhook="prompt")
        assert gateway.wait(order, delivered=1)
    settled = clerk.read(paid["id"])
    assert settled["refund"]["status"] == "refunded"
    clerk.hurry(paid["id"])
    assert_told_without_a_gap(bus, settled)
    assert told(bus, paid["id"]) == GIVEN_BACK


@pytest.mark.parametrize("scenario", ["not-refunded-unflagged", "already-refunded"])
def test_what_the_gateway_has_taken_may_be_refunded_in_the_night(
    shop: Shop, gateway: Control, bus: Subscriber, clerk: Clerk, pay: Pay, table: Any, scenario: str
) -> None:
    order = scenario
    paid = pay(order)
    gateway.script(scenario, call="refund", order_id=order)
    assert refund(shop, paid["id"], order).status == 202
    request_was_an_hour_ago(table, paid["id"])
    for _ in range(3):
        clerk.hurry(paid["id"])
    assert clerk.read(paid["id"])["refund"]["status"] == "requested", "it answered, so it may only be slow"
    assert refund(shop, paid["id"], f"{order}-anew").json["code"] == "refund_in_progress"

    gateway.refund(order)

    assert_told_without_a_gap(bus, clerk.follow_up_refund(paid["id"], "refunded"))
    assert told(bus, paid["id"]) == GIVEN_BACK


def test_what_was_never_refunded_is_not_called_failed_before_its_time(
    shop: Shop, gateway: Control, bus: Subscriber, clerk: Clerk, pay: Pay, table: Any
) -> None:
    order = "not-refunded-500"
    paid = pay(order)
    gateway.script(order, call="refund", order_id=order)
    assert refund(shop, paid["id"], order).status == 202
    for _ in range(3):
        clerk.hurry(paid["id"])
    assert clerk.read(paid["id"])["refund"]["status"] == "requested", "for an hour the status may only lag"
    assert gateway.book()["status_requests"][order] >= 2

    request_was_an_hour_ago(table, paid["id"])
    failed = clerk.follow_up_refund(paid["id"], "failed")

    assert failed["status"] == "succeeded"
    assert_told_without_a_gap(bus, failed)
    assert told(bus, paid["id"]) == [*PAID, "refund_requested", "refund_failed"]
    late = refund(shop, paid["id"], order)
    assert (late.status, late.json["refund"]["status"]) == (202, "failed"), "as it was answered first"
    assert refund(shop, paid["id"], f"{order}-anew").status == 201
    assert asked_back(gateway, order) == 2


@pytest.mark.parametrize("status", NO_DENIAL)
def test_only_a_plain_word_against_a_refund_makes_it_fail(
    shop: Shop, gateway: Control, clerk: Clerk, pay: Pay, table: Any, status: str
) -> None:
    order = f"refund-not-denied-{status.replace(' ', '-')}"
    paid = pay(order)
    gateway.script("not-refunded-500", call="refund", order_id=order, **NO_DENIAL[status])
    assert refund(shop, paid["id"], order).status == 202
    request_was_an_hour_ago(table, paid["id"])
    for _ in range(3):
        clerk.hurry(paid["id"])
    still = clerk.read(paid["id"])
    assert (still["status"], still["refund"]["status"]) == ("succeeded", "requested")
    assert gateway.book()["status_requests"][order] >= 2


@pytest.mark.parametrize("scenario", ["refund-bad-credentials", "refund-forbidden"])
def test_our_own_credentials_are_our_own_problem(
    shop: Shop, gateway: Control, bus: Subscriber, clerk: Clerk, pay: Pay, scenario: str
) -> None:
    order = scenario
    paid = pay(order)
    for _ in range(2):  # a refused key is read anew once, and tried once more
        gateway.script(scenario, call="refund", order_id=order)
    for _ in range(2):
        answer = refund(shop, paid["id"], order)
        assert_problem(answer, 502, "gateway_credentials", "after")
        assert answer.json["payment"]["refund"]["status"] == "failed"
    assert 1 <= asked_back(gateway, order) <= 2
    assert gateway.transaction(order)["refunded_at"] is None
    clerk.hurry(paid["id"])
    assert_told_without_a_gap(bus, clerk.read(paid["id"]))
    assert told(bus, paid["id"]) == [*PAID, "refund_requested", "refund_failed"]


def test_an_unreachable_gateway_leaves_the_key_free(
    stack: Stack, gateway: Control, bus: Subscriber, clerk: Clerk, pay: Pay
) -> None:
    order = "refund-unreachable"
    paid = pay(order)
    with another_world(stack, "ChargeFunction", GATEWAY_BASE_URL=NOWHERE):
        for _ in range(2):
            answer = refund_directly(stack, paid["id"], order, REASON)
            assert_problem(answer, 503, "gateway_unreachable", "same-key")
            assert int(answer.headers["Retry-After"]) > 0
    assert clerk.read(paid["id"])["refund"]["status"] == "failed"
    assert asked_back(gateway, order) == 0
    again = refund_directly(stack, paid["id"], order, REASON)
    assert (again.status, again.json["refund"]["status"]) == (201, "refunded")
    assert "Idempotency-Replayed" not in again.headers
    assert_sent_back_once(gateway, order)
    clerk.hurry(paid["id"])
    assert_told_without_a_gap(bus, clerk.read(paid["id"]))
    tried = ["refund_requested", "refund_failed"]
    assert told(bus, paid["id"]) == [*PAID, *tried, *tried, "refund_requested", "refunded"]


@pytest.mark.parametrize("nth", range(ROUNDS))
def test_twenty_callers_with_one_key_lead_to_one_refund(
    shop: Shop, gateway: Control, bus: Subscriber, clerk: Clerk, pay: Pay, nth: int
) -> None:
    order = f"refund-one-key-{nth}"
    paid = pay(order)
    answers = at_once([partial(refund, shop, paid["id"], order)] * AT_ONCE)

    assert {answer.status for answer in answers} <= {201, 202}
    assert {answer.json["id"] for answer in answers} == {paid["id"]}
    assert [answer.headers.get("Idempotency-Replayed") for answer in answers].count(None) == 1
    assert_sent_back_once(gateway, order)
    clerk.hurry(paid["id"])
    assert_told_without_a_gap(bus, clerk.read(paid["id"]))
    assert told(bus, paid["id"]) == GIVEN_BACK


@pytest.mark.parametrize("nth", range(ROUNDS))
def test_twenty_keys_for_one_payment_lead_to_one_refund(shop: Shop, gateway: Control, pay: Pay, nth: int) -> None:
    order = f"refund-many-keys-{nth}"
    paid = pay(order)
    answers = at_once([partial(refund, shop, paid["id"], f"{order}-{nth}") for nth in range(AT_ONCE)])

    assert sorted(answer.status for answer in answers) == [201] + [409] * (AT_ONCE - 1)
    refused = {answer.json["code"] for answer in answers if answer.status == 409}
    assert refused <= {"refund_in_progress", "already_refunded"}
    assert_sent_back_once(gateway, order)


def test_what_was_given_back_and_is_charged_back_all_the_same_is_told_as_both(
    shop: Shop, gateway: Control, bus: Subscriber, clerk: Clerk, pay: Pay
) -> None:
    order = "refund-then-chargeback"
    paid = pay(order)
    gateway.script("refunded-then-held", call="refund", order_id=order)
    with on_its_way(shop, gateway, paid["id"], order) as answers:
        gateway.charge_back(order)
        gateway.release(order)
    assert (answers[0].status, answers[0].json["refund"]["status"]) == (201, "refunded")
    seen = shop.get(f"/charges/{paid['id']}?refresh=true").json
    assert (seen["refund"]["status"], seen["chargeback"]["status"]) == ("refunded", "charged_back")
    clerk.hurry(paid["id"])
    assert_told_without_a_gap(bus, seen)
    assert told(bus, paid["id"]) == [*GIVEN_BACK, "charged_back"]


def test_refunds_and_chargebacks_at_once_end_as_the_bank_has_them(
    shop: Shop, gateway: Control, bus: Subscriber, clerk: Clerk, pay: Pay
) -> None:
    orders = [f"refund-races-{nth}" for nth in range(4)]
    payments = {order: pay(order)["id"] for order in orders}
    for order, payment_id in payments.items():
        answer, _ = at_once([partial(refund, shop, payment_id, order), partial(gateway.charge_back, order)])
        refunded_at = gateway.transaction(order)["refunded_at"]
        assert answer.status == (201 if refunded_at else 409)
        seen = shop.get(f"/charges/{payment_id}?refresh=true").json
        assert seen["refund"] == {"status": "refunded" if refunded_at else "failed", "refunded_at": refunded_at}
        assert seen["chargeback"]["charged_back_at"] == gateway.transaction(order)["charged_back_at"]
        assert asked_back(gateway, order) == 1
        clerk.hurry(payment_id)
        assert_told_without_a_gap(bus, seen)


def test_a_refund_whose_worker_is_killed_between_send_and_answer_is_finished_by_the_follow_up(
    stack: Stack, shop: Shop, gateway: Control, bus: Subscriber, clerk: Clerk, pay: Pay
) -> None:
    order = "refund-killed"
    paid = pay(order)
    gateway.script("refunded-then-held", call="refund", order_id=order)
    with on_its_way(shop, gateway, paid["id"], order) as answers:
        kill(workers(stack, "ChargeFunction"))
    assert 201 not in [answer.status for answer in answers]
    assert clerk.read(paid["id"])["refund"]["status"] == "requested"
    repeat = refund(shop, paid["id"], order)
    assert (repeat.status, repeat.headers["Idempotency-Replayed"]) == (202, "true")

    settled = clerk.follow_up_refund(paid["id"], "refunded")

    assert_sent_back_once(gateway, order)
    assert_told_without_a_gap(bus, settled)
    assert told(bus, paid["id"]) == GIVEN_BACK
    assert refund(shop, paid["id"], order).json == settled


def test_a_refund_whose_worker_is_killed_before_the_gateway_heard_of_it_fails_in_an_hour(
    stack: Stack, shop: Shop, gateway: Control, bus: Subscriber, clerk: Clerk, pay: Pay, table: Any
) -> None:
    order = "refund-killed-early"
    paid = pay(order)
    gateway.script("refund-stalled", call="refund", order_id=order, outcome="nothing")
    with on_its_way(shop, gateway, paid["id"], order):
        kill(workers(stack, "ChargeFunction"))
    clerk.hurry(paid["id"])
    request_was_an_hour_ago(table, paid["id"])
    failed = clerk.follow_up_refund(paid["id"], "failed")
    assert_told_without_a_gap(bus, failed)
    assert told(bus, paid["id"]) == [*PAID, "refund_requested", "refund_failed"]


@pytest.mark.parametrize("who", ["unsigned", "stranger"])
def test_whoever_may_not_call_gives_nothing_back(
    who: str, gateway: Control, clerk: Clerk, pay: Pay, request: pytest.FixtureRequest
) -> None:
    order = f"refund-{who}"
    paid = pay(order)
    refused: Shop = request.getfixturevalue(who)
    assert refund(refused, paid["id"], order).status == 403
    assert asked_back(gateway, order) == 0
    assert clerk.read(paid["id"])["refund"]["status"] == "none"


@contextmanager
def on_its_way(shop: Shop, gateway: Control, payment_id: str, order: str) -> Iterator[list[Answer]]:
    """A refund that the gateway holds up; its answer is there afterwards."""
    answers: list[Answer] = []
    caller = threading.Thread(target=lambda: answers.append(refund(shop, payment_id, order)), daemon=True)
    caller.start()
    assert gateway.wait(order, held=True, timeout=20)
    try:
        yield answers
    finally:
        caller.join(35)
        gateway.release(order)


def at_once(requests: list[Callable[[], Any]]) -> list[Any]:
    """What each of them returns, begun at the same time."""
    with ThreadPoolExecutor(len(requests)) as threads:
        return list(threads.map(lambda request: request(), requests))


def request_was_an_hour_ago(table: Any, payment_id: str) -> None:
    long_ago = datetime.now(UTC) - timedelta(hours=1)
    table.update_item(
        Key={"pk": payment_id},
        UpdateExpression="SET refund_attempt.requested_at = :long_ago",
        ConditionExpression="attribute_exists(refund_attempt.requested_at)",
        ExpressionAttributeValues={":long_ago": f"{long_ago:%Y-%m-%dT%H:%M:%S}.000Z"},
    )


def assert_both_facts_told(bus: Subscriber, clerk: Clerk, payment_id: str) -> None:
    """The chargeback, and that the refund came to nothing."""
    clerk.hurry(payment_id)
    payment = clerk.read(payment_id)
    assert (payment["chargeback"]["status"], payment["refund"]["status"]) == ("charged_back", "failed")
    assert_told_without_a_gap(bus, payment)
    assert told(bus, payment_id) == [*PAID, "refund_requested", "charged_back", "refund_failed"]


def assert_problem(answer: Answer, status: int, code: str, retry: str) -> None:
    assert (answer.status, answer.json["code"], answer.json["retry"]) == (status, code, retry), answer.body
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json["status"] == status
