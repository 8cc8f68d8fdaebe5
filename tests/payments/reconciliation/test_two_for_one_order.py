"""Two transactions under one order id: the order stays locked while one of them may be paid."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from payments.model.history import Failure
from payments.model.payment import Payment
from payments.model.status import FREES_THE_ORDER, Status
from payments.model.supersession import frees_the_order
from payments.ports.gateway import NoAnswer
from tests.fakes import samples
from tests.fakes.transaction_list import row
from tests.payments.reconciliation.reconciler import Reconciler

FIRST = samples.TRANSACTION_ID
SECOND = "PA7"
BOTH = [row("FAILED"), row(transaction_id=SECOND)]
"""The shopper's first card was declined at the gateway's page; the second was accepted."""


def others(reconciler: Reconciler, ours: Payment) -> list[tuple[str | None, Status, str | None]]:
    return [(p.transaction_id, p.status, p.order_id) for p in reconciler.ledger.payments() if p.id != ours.id]


def test_a_paid_second_transaction_puts_our_failed_payment_into_review() -> None:
    reconciler = Reconciler(*BOTH)
    ours = reconciler.with_status(Status.FAILED)
    reconciler.run()
    after = reconciler.standing(ours)
    assert (after.status, after.transaction_id) == (Status.NEEDS_REVIEW, FIRST)
    assert after.failure is not None
    assert after.failure.code == "other_transaction"
    assert after.history[-1].evidence == {"discrepancy": "other_transaction", "other_transaction_id": SECOND}
    assert others(reconciler, ours) == [(SECOND, Status.NEEDS_REVIEW, None)]
    lines = {
        (line["discrepancy"], line["action"], line["transaction_id"]) for line in reconciler.report()["discrepancies"]
    }
    assert lines == {("other_transaction", "needs_review", SECOND), ("orphan", "needs_review", SECOND)}
    assert {line["discrepancy"]: line["payment_id"] == ours.id for line in reconciler.report()["discrepancies"]} == {
        "other_transaction": True,
        "orphan": False,
    }


def test_the_second_transaction_has_its_line_once_even_if_our_own_row_is_on_a_later_page() -> None:
    reconciler = Reconciler(*BOTH[::-1], page_size=1)
    reconciler.with_status(Status.FAILED)
    reconciler.run()
    assert reconciler.discrepancies() == [("other_transaction", "needs_review"), ("orphan", "needs_review")]


@pytest.mark.parametrize("page_size", [1, 2])
@pytest.mark.parametrize("rows", [BOTH, BOTH[::-1]])
@pytest.mark.parametrize("known_to_the_status_api", [FIRST, SECOND])
def test_a_payment_without_an_answer_is_paid_or_reviewed_in_any_row_order(
    rows: list[dict[str, Any]], page_size: int, known_to_the_status_api: str
) -> None:
    reconciler = Reconciler(*rows, page_size=page_size)
    ours = reconciler.claimed()
    answers = {FIRST: samples.transaction("FAILED"), SECOND: samples.transaction(transaction_id=SECOND)}
    reconciler.gateway.answers[ours.wire_order_id] = answers[known_to_the_status_api]
    reconciler.run()
    after = reconciler.standing(ours)
    assert not frees_the_order(after)
    if known_to_the_status_api == SECOND:
        assert (after.status, after.transaction_id) == (Status.SUCCEEDED, SECOND)
        assert others(reconciler, ours) == [(FIRST, Status.FAILED, None)]
    else:
        assert (after.status, after.transaction_id) == (Status.NEEDS_REVIEW, FIRST)
        assert others(reconciler, ours) == [(SECOND, Status.NEEDS_REVIEW, None)]
    before = reconciler.ledger.payments()
    reconciler.run(anew=True)
    assert reconciler.ledger.payments() == before


def test_an_answer_about_another_transaction_of_other_money_decides_nothing() -> None:
    reconciler = Reconciler(row(transaction_id=SECOND))
    ours = reconciler.claimed()
    reconciler.gateway.answers[ours.wire_order_id] = samples.transaction(amount=Decimal(7))
    reconciler.run()
    assert reconciler.ledger.payments() == [ours]
    assert reconciler.discrepancies() == [("unconfirmed", "none")]


def test_the_paid_transactions_of_a_page_come_first() -> None:
    words = {"PA1": "FAILED", "PA2": "PENDING", "PA3": "SUCCESS", "PA4": "BLOCKED", "PA5": "SUCCESS"}
    reconciler = Reconciler(
        *[row(word, transaction_id=name, order_id=None) for name, word in words.items()], page_size=5
    )
    reconciler.run()
    reported = [line["transaction_id"] for line in reconciler.report()["discrepancies"]]
    assert reported == ["PA3", "PA5", "PA1", "PA2", "PA4"]


def test_nothing_is_guessed_while_the_status_api_does_not_answer() -> None:
    reconciler = Reconciler(*BOTH)
    ours = reconciler.claimed()
    reconciler.gateway.script_statuses(*[NoAnswer("no answer")] * 2)
    reconciler.run()
    assert reconciler.ledger.payments() == [ours]
    assert reconciler.discrepancies() == [("unconfirmed", "none")] * 2


@pytest.mark.parametrize("status", [Status.PENDING, Status.REQUIRES_ACTION, *sorted(FREES_THE_ORDER)])
def test_our_unpaid_payment_is_reviewed_in_any_status(status: Status) -> None:
    reconciler = Reconciler(row(transaction_id=SECOND))
    ours = reconciler.with_status(status)
    reconciler.run()
    assert reconciler.standing(ours).status is Status.NEEDS_REVIEW


@pytest.mark.parametrize(
    "harmless",
    [
        {"raw_status": "FAILED"},
        {"raw_status": "PENDING"},
        {"refund_date": "2027-02-01T00:00:00Z"},
        {"chargeback_date": "2027-02-01T00:00:00Z"},
        {"amount": "5"},
        {"currency": "EUR"},
    ],
)
def test_a_second_transaction_that_is_unpaid_or_returned_or_of_other_money_leaves_ours_alone(
    harmless: dict[str, Any],
) -> None:
    reconciler = Reconciler(row("FAILED"), row(**{"transaction_id": SECOND, **harmless}))
    ours = reconciler.with_status(Status.FAILED)
    reconciler.run()
    assert reconciler.standing(ours) == ours
    assert {discrepancy for discrepancy, _ in reconciler.discrepancies()} <= {
        "orphan",
        "refunded_elsewhere",
        "charged_back",
    }


def test_a_second_transaction_beside_our_paid_one_is_an_orphan() -> None:
    reconciler = Reconciler(row(), row(transaction_id=SECOND))
    ours = reconciler.paid()
    reconciler.run()
    assert reconciler.standing(ours) == ours
    assert reconciler.discrepancies() == [("orphan", "needs_review")]


def test_a_decision_about_two_transactions_is_final() -> None:
    reconciler = Reconciler(*BOTH)
    ours = reconciler.with_status(Status.FAILED)
    reconciler.run()
    now = reconciler.standing(ours)
    failure = Failure("declined", "the other one is the order's")
    moved = now.transition_to(Status.FAILED, at=reconciler.clock(), source="operator", evidence={}, failure=failure)
    mine = reconciler.ledger.save(now, moved)
    for _ in range(2):
        reconciler.run(anew=True)
        assert reconciler.standing(ours) == mine
        assert ("other_transaction", "none") in reconciler.discrepancies()


def test_a_late_success_of_our_own_transaction_is_not_covered_by_the_decision() -> None:
    """The reviewer knew the other transaction's status only."""
    reconciler = Reconciler(*BOTH)
    ours = reconciler.with_status(Status.FAILED)
    reconciler.run()
    now = reconciler.standing(ours)
    reconciler.ledger.save(now, now.transition_to(Status.FAILED, at=reconciler.clock(), source="operator", evidence={}))
    reconciler.listing.rows = [row(), row(transaction_id=SECOND)]
    reconciler.run(anew=True)
    assert reconciler.standing(ours).status is Status.NEEDS_REVIEW
    assert ("status_drift", "needs_review") in reconciler.discrepancies()


def test_a_known_orphan_is_compared_with_our_payment_again() -> None:
    """Ours failed within the hour, so it is reviewed only a day later."""
    reconciler = Reconciler(*BOTH)
    ours = reconciler.claimed()
    at = reconciler.clock.now + timedelta(minutes=59)
    moved = ours.transition_to(Status.FAILED, at=at, source="webhook", evidence={}, transaction_id=FIRST)
    reconciler.ledger.save(ours, moved)
    reconciler.run()
    assert reconciler.standing(ours).status is Status.FAILED
    assert reconciler.discrepancies() == [("other_transaction", "none"), ("orphan", "needs_review")]
    reconciler.run(anew=True)
    assert reconciler.standing(ours).status is Status.NEEDS_REVIEW
    assert reconciler.discrepancies() == [("other_transaction", "needs_review"), ("undecided", "none")]
