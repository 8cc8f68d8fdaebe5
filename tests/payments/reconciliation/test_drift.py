"""A recorded payment that the gateway's list contradicts: the status API confirms it, or nothing changes."""

from decimal import Decimal
from typing import Any

import pytest

from payments.model import refund as refunds
from payments.model.history import Failure
from payments.model.payment import Payment
from payments.model.status import Status
from payments.ports.gateway import NoAnswer, UnknownToGateway
from payments.reconciliation.discrepancy import NOTES
from tests.fakes import samples
from tests.fakes.clock import START
from tests.fakes.transaction_list import row
from tests.payments.reconciliation.listed_facts import decided, last_entry
from tests.payments.reconciliation.reconciler import Reconciler


def refunded_here(payment: Payment) -> Payment:
    return refunds.refunded(payment, START, at=START, source="status", evidence={})


def charged_back_here(payment: Payment) -> Payment:
    return payment.charged_back(START, at=START, source="status", evidence={})


DRIFTS: dict[str, tuple[dict[str, Any], dict[str, Any], Any]] = {
    "amount_drift": ({"amount": "250"}, {"amount": Decimal(250)}, None),
    "currency_drift": ({"currency": "EUR"}, {"currency": "EUR"}, None),
    "status_drift": ({"status": "FAILED"}, {"raw_status": "FAILED", "verdict": Status.FAILED}, None),
    "refund_drift": ({}, {}, refunded_here),
    "chargeback_drift": ({}, {"charged_back": False}, charged_back_here),
}
"""Discrepancy → the differing fields of the list, those of the status API's answer, and the change on our side."""


@pytest.mark.parametrize("kind", DRIFTS)
class TestDrift:
    def drifting(self, kind: str) -> tuple[Reconciler, Payment]:
        """A payment that succeeded, and a row that differs."""
        listed, _, here = DRIFTS[kind]
        reconciler = Reconciler(row(**listed))
        payment = reconciler.paid()
        return reconciler, reconciler.ledger.save(payment, here(payment)) if here else payment

    def confirms(self, reconciler: Reconciler, kind: str) -> None:
        reconciler.gateway.script_statuses(samples.transaction(**DRIFTS[kind][1]))

    def test_confirmed_drift_is_reviewed(self, kind: str) -> None:
        reconciler, payment = self.drifting(kind)
        self.confirms(reconciler, kind)
        reconciler.run()
        after = reconciler.standing(payment)
        assert (after.status, last_entry(after)) == (Status.NEEDS_REVIEW, ("needs_review", "reconciliation"))
        assert after.failure is not None
        assert (after.failure.code, after.history[-1].evidence["discrepancy"]) == (kind, kind)
        assert reconciler.discrepancies() == [(kind, "needs_review")]
        assert reconciler.gateway.asked == [samples.ORDER_ID]
        assert '"payment_needs_review"' in reconciler.console.read()

    def test_denied_drift_changes_nothing(self, kind: str) -> None:
        reconciler, payment = self.drifting(kind)
        refunded, back = kind == "refund_drift", kind == "chargeback_drift"
        reconciler.gateway.script_statuses(samples.transaction(refunded=refunded, charged_back=back))
        reconciler.run()
        assert reconciler.standing(payment) == payment
        assert reconciler.discrepancies() == [("list_disagrees", "none")]

    @pytest.mark.parametrize("silence", [NoAnswer("no answer"), UnknownToGateway("unknown")])
    def test_unconfirmed_drift_changes_nothing(self, kind: str, silence: Exception) -> None:
        reconciler, payment = self.drifting(kind)
        reconciler.gateway.script_statuses(silence)  # type: ignore[arg-type]
        reconciler.run()
        assert reconciler.standing(payment) == payment
        assert reconciler.discrepancies() == [("unconfirmed", "none")]

    def test_an_answer_about_another_transaction_confirms_nothing(self, kind: str) -> None:
        reconciler, payment = self.drifting(kind)
        reconciler.gateway.script_statuses(samples.transaction(**{**DRIFTS[kind][1], "transaction_id": "PA9"}))
        reconciler.run()
        assert reconciler.standing(payment) == payment
        assert reconciler.discrepancies() == [("unconfirmed", "none")]

    def test_drift_in_review_is_reported_as_undecided_and_not_reviewed_again(self, kind: str) -> None:
        reconciler, payment = self.drifting(kind)
        self.confirms(reconciler, kind)
        reconciler.run()
        before = reconciler.standing(payment)
        reconciler.run(anew=True)
        assert reconciler.discrepancies() == [("undecided", "none")]
        assert reconciler.standing(payment) == before

    def test_drift_that_a_reviewer_has_decided_on_is_only_reported(self, kind: str) -> None:
        reconciler, payment = self.drifting(kind)
        self.confirms(reconciler, kind)
        reconciler.run()
        mine = decided(reconciler, payment, Status.SUCCEEDED)
        reconciler.run(anew=True)
        assert reconciler.standing(payment) == mine
        assert reconciler.discrepancies() == [(kind, "none")]
        assert len(reconciler.gateway.asked) == 1


class TestDriftInDetail:
    @pytest.mark.parametrize(
        ("kind", "omitted"),
        [
            ("amount_drift", "amount"),
            ("currency_drift", "currency"),
            ("refund_drift", "refunded"),
            ("chargeback_drift", "charged_back"),
            ("status_drift", "verdict"),
        ],
    )
    def test_a_field_that_the_status_api_leaves_out_is_not_confirmed(self, kind: str, omitted: str) -> None:
        reconciler, payment = TestDrift().drifting(kind)
        silent: dict[str, Any] = {omitted: None}
        reconciler.gateway.script_statuses(samples.transaction(**silent))
        reconciler.run()
        assert reconciler.standing(payment) == payment
        assert reconciler.discrepancies() == [("unconfirmed", "none")]

    def test_two_differences_are_one_review(self) -> None:
        reconciler = Reconciler(row("FAILED", amount="250"))
        payment = reconciler.paid()
        reconciler.gateway.script_statuses(samples.transaction("FAILED", amount=Decimal(250)))
        reconciler.run()
        assert reconciler.standing(payment).version == 3
        assert reconciler.discrepancies() == [("amount_drift", "needs_review"), ("status_drift", "needs_review")]
        after = reconciler.standing(payment)
        assert after.failure == Failure("amount_drift", f"{NOTES['amount_drift']} {NOTES['status_drift']}")
        assert after.history[-1].evidence == {
            "discrepancy": "amount_drift,status_drift",
            "gateway_status": "FAILED",
            "transaction_id": samples.TRANSACTION_ID,
            "currency": "GBP",
            "amount": 250,
        }
        mine = decided(reconciler, payment, Status.FAILED)
        reconciler.run(anew=True)
        assert reconciler.standing(payment) == mine
        assert reconciler.discrepancies() == [("amount_drift", "none")]

    @pytest.mark.parametrize("raw_status", ["PENDING", "INIT", "REDIRECT", "ON_HOLD"])
    def test_an_unpaid_payment_that_is_open_at_the_gateway_is_reviewed(self, raw_status: str) -> None:
        reconciler = Reconciler(row(raw_status))
        payment = reconciler.with_status(Status.FAILED)
        reconciler.gateway.script_statuses(samples.transaction(raw_status))
        reconciler.run()
        assert reconciler.standing(payment).status is Status.NEEDS_REVIEW
        assert reconciler.discrepancies() == [("status_drift", "needs_review")]

    def test_a_newer_status_of_the_status_api_is_recorded(self) -> None:
        """The list still shows it as pending; the status API knows that it was paid after all."""
        reconciler = Reconciler(row("PENDING"))
        payment = reconciler.with_status(Status.FAILED)
        reconciler.gateway.script_statuses(samples.transaction("SUCCESS"))
        reconciler.run()
        assert reconciler.standing(payment).status is Status.SUCCEEDED
        assert reconciler.discrepancies() == [("list_disagrees", "none"), ("late_success", "recorded")]

    def test_the_alarms_for_contradicting_messages_are_not_raised_every_day(self) -> None:
        reconciler = Reconciler(row("FAILED", amount="250"))
        reconciler.paid()
        reconciler.gateway.script_statuses(samples.transaction())
        reconciler.run()
        log = reconciler.console.read()
        assert [name for name in ("integrity_mismatch", "verdict_contradicted") if name in log] == []

    def test_three_missing_answers_in_a_row_end_the_questions(self) -> None:
        reconciler = Reconciler(page_size=10)
        for nth in range(10):
            payment = reconciler.paid(f"key-{nth}", f"PA{nth}", order_id=None)
            reconciler.listing.rows.append(row(of=payment, amount="1"))
            reconciler.gateway.script_statuses(NoAnswer("no answer"))
        assert reconciler.run()["discrepancies"] == {"unconfirmed": 10}
        assert len(reconciler.gateway.asked) == 3

    @pytest.mark.parametrize("answer", [UnknownToGateway("unknown"), samples.transaction(transaction_id="PA9")])
    def test_missing_answers_that_are_not_in_a_row_do_not_end_the_questions(self, answer: Any) -> None:
        reconciler = Reconciler(page_size=10)
        for nth in range(9):
            payment = reconciler.paid(f"key-{nth}", f"PA{nth}", order_id=None)
            reconciler.listing.rows.append(row(of=payment, amount="1"))
            reconciler.gateway.script_statuses(answer if nth % 3 == 2 else NoAnswer("no answer"))
        reconciler.run()
        assert len(reconciler.gateway.asked) == 9
        assert reconciler.console.read().count('"status_unanswered"') == 2 * 6, "the message and the signal"
