"""The gateway's list and status API may lag behind its answers and webhooks: recent changes are not reviewed."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from payments.model.payment import Payment
from payments.model.status import Status
from tests.fakes import samples
from tests.fakes.transaction_list import row
from tests.payments.reconciliation.eventful_day import ASKED
from tests.payments.reconciliation.reconciler import NEXT_DAY, PLENTY, Reconciler

SECONDS = timedelta(seconds=5)
RECONCILED_AT = NEXT_DAY + timedelta(hours=1)
PAGE = "https://bank.example/3ds"


def moved(reconciler: Reconciler, to: Status, ago: timedelta, **changes: Any) -> Payment:
    """A payment made yesterday that changed so long before the reconciliation."""
    payment = reconciler.claimed()
    after = payment.transition_to(
        to,
        at=RECONCILED_AT - ago,
        source="answer",
        evidence={},
        **{"transaction_id": samples.TRANSACTION_ID, **changes},
    )
    return reconciler.ledger.save(payment, after)


LAGGING: dict[str, dict[str, Any]] = {
    "status": {"raw_status": "PENDING"},
    "amount": {"amount": "7"},
    "status and refund": {"raw_status": "FAILED", "refund_date": "2027-02-01T00:00:00Z"},
}


@pytest.mark.parametrize("what", LAGGING)
def test_a_payment_changed_within_the_hour_is_reviewed_only_the_next_day(what: str) -> None:
    reconciler = Reconciler(row(**LAGGING[what]))
    payment = moved(reconciler, Status.SUCCEEDED, SECONDS)
    reconciler.run()
    assert reconciler.standing(payment) == payment
    assert reconciler.discrepancies() == [("unconfirmed", "none")]
    assert reconciler.gateway.asked == []
    reconciler.run(anew=True)
    assert reconciler.standing(payment).status is Status.NEEDS_REVIEW


def test_a_suspicious_payment_changed_within_the_hour_is_not_reviewed() -> None:
    reconciler = Reconciler(row(suspicious_date="2027-02-01T00:00:00Z"))
    payment = moved(reconciler, Status.SUCCEEDED, SECONDS)
    reconciler.run()
    assert reconciler.standing(payment) == payment
    assert reconciler.discrepancies() == [("suspicious", "none")]


def test_an_open_payment_changed_within_the_hour_is_not_reviewed_for_another_amount() -> None:
    reconciler = Reconciler(row(amount="7"))
    payment = moved(reconciler, Status.PENDING, SECONDS)
    reconciler.run()
    assert reconciler.standing(payment) == payment
    assert reconciler.discrepancies() == [("unconfirmed", "none")]


def test_a_payment_changed_within_the_hour_is_not_reviewed_for_the_status_apis_answer() -> None:
    reconciler = Reconciler(row())
    payment = moved(reconciler, Status.PENDING, SECONDS)
    reconciler.gateway.script_statuses(samples.transaction(amount=None))
    reconciler.run()
    assert reconciler.standing(payment) == payment
    assert reconciler.discrepancies() == [("unconfirmed", "none")]


def test_a_payment_paid_within_the_hour_stays_on_the_index() -> None:
    reconciler = Reconciler()
    payment = moved(reconciler, Status.SUCCEEDED, SECONDS)
    reconciler.run()
    assert reconciler.standing(payment) == payment
    assert reconciler.discrepancies() == [("unconfirmed", "none")]
    assert reconciler.unlisted_ids() == {payment.id}
    assert reconciler.gateway.asked == []


def test_a_success_is_recorded_even_within_the_hour() -> None:
    reconciler = Reconciler(row())
    payment = moved(reconciler, Status.FAILED, SECONDS)
    reconciler.run()
    assert reconciler.standing(payment).status is Status.SUCCEEDED
    assert reconciler.discrepancies() == [("late_success", "recorded")]


@pytest.mark.parametrize("raw_status", ["PENDING", "INIT", "ON_HOLD"])
@pytest.mark.parametrize("amount", ["100", "7"])
def test_a_row_without_a_verdict_does_not_move_a_payment_at_the_gateways_page(raw_status: str, amount: str) -> None:
    reconciler = Reconciler(row(raw_status, amount=amount))
    payment = moved(reconciler, Status.REQUIRES_ACTION, timedelta(hours=2), redirect_url=PAGE)
    reconciler.run()
    assert reconciler.standing(payment) == payment
    assert reconciler.standing(payment).redirect_url == PAGE
    assert reconciler.discrepancies() == []
    assert reconciler.gateway.asked == []


def test_a_refund_in_a_row_without_a_verdict_is_recorded() -> None:
    reconciler = Reconciler(row("ON_HOLD", refund_date="2027-02-01T00:00:00Z"))
    payment = moved(reconciler, Status.SUCCEEDED, timedelta(hours=2))
    reconciler.run()
    assert reconciler.standing(payment).refund.status == "refunded"


class TestTransactionId:
    """A payment without an answer has no transaction id yet; it takes the list's if nothing contradicts it."""

    def test_it_is_taken_from_a_row_that_fits(self) -> None:
        reconciler = Reconciler(row("PENDING"))
        payment = reconciler.claimed()
        reconciler.run()
        assert reconciler.standing(payment).transaction_id == samples.TRANSACTION_ID

    def test_it_is_not_taken_from_a_row_with_another_amount(self) -> None:
        """A row under our order id with another amount: a refund of it would send that amount back."""
        reconciler = Reconciler(row(transaction_id="STRANGER", amount="99999"))
        payment = reconciler.claimed()
        for _ in range(2):
            reconciler.run(anew=True)
            after = reconciler.standing(payment)
            assert (after.status, after.transaction_id) == (Status.NEEDS_REVIEW, None)

    def test_it_is_not_taken_while_the_charges_answer_is_to_come(self) -> None:
        reconciler = Reconciler(row("PENDING", created_at=None))
        payment = reconciler.claimed(at=RECONCILED_AT - SECONDS)
        reconciler.run()
        assert reconciler.standing(payment) == payment

    def test_it_is_not_replaced_when_the_answer_has_come_meanwhile(self) -> None:
        reconciler = Reconciler(row("PENDING", transaction_id="PA7"))
        payment = reconciler.claimed()
        ledger = reconciler.ledger

        class Overtaken:
            def __getattr__(self, name: str) -> Any:
                return getattr(ledger, name)

            def save(self, before: Payment, after: Payment) -> Payment:
                if before.revision == payment.revision:
                    ledger.save(payment, replace(payment, transaction_id="PA1"))
                return ledger.save(before, after)

        reconciler.clock.forward(hours=1)
        reconciler.wired(lambda target: Overtaken() if target is ledger else target).take(ASKED, lambda: PLENTY)
        assert reconciler.standing(payment).transaction_id == "PA1"


@pytest.mark.parametrize("word", ["INIT", "PENDING", "REDIRECT"])
def test_a_payment_that_the_list_shows_has_arrived(word: str) -> None:
    """Otherwise two answers "not found" of a status API that loses it would count as never arrived."""
    reconciler = Reconciler()
    payment = reconciler.claimed()
    reconciler.listing.rows = [row(word, of=payment)]
    assert not payment.follow_up.arrived
    reconciler.run()
    after = reconciler.standing(payment)
    assert (after.transaction_id, after.follow_up.arrived) == (samples.TRANSACTION_ID, True)
    assert after.history == payment.history
