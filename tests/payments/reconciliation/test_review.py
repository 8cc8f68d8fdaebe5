"""Reviews: suspicious payments, and decisions that the reconciliation keeps."""

import pytest

from payments.model.status import FREES_THE_ORDER, Status
from tests.fakes.transaction_list import row
from tests.payments.reconciliation.listed_facts import REFUNDED, SUSPICIOUS, WORDS, decided
from tests.payments.reconciliation.reconciler import Reconciler


class TestSuspicious:
    def test_a_suspicious_paid_payment_is_reviewed(self) -> None:
        reconciler = Reconciler(row(**SUSPICIOUS))
        payment = reconciler.paid()
        reconciler.run()
        after = reconciler.standing(payment)
        assert (after.status, after.failure and after.failure.code) == (Status.NEEDS_REVIEW, "suspicious")
        assert reconciler.discrepancies() == [("suspicious", "needs_review")]
        assert reconciler.report()["discrepancies"][0]["suspicious_at"] == "2027-02-02T08:00:00.000Z"

    def test_a_suspicious_open_payment_is_reviewed_once_it_is_paid(self) -> None:
        reconciler = Reconciler(row("PENDING", **SUSPICIOUS))
        payment = reconciler.with_status(Status.PENDING)
        reconciler.run()
        assert reconciler.standing(payment) == payment
        assert reconciler.discrepancies() == [("suspicious", "none")]
        reconciler.listing.rows = [row("SUCCESS", **SUSPICIOUS)]
        reconciler.run(anew=True)
        assert reconciler.standing(payment).status is Status.NEEDS_REVIEW
        assert reconciler.discrepancies() == [("recorded", "recorded"), ("suspicious", "needs_review")]

    @pytest.mark.parametrize("status", sorted(FREES_THE_ORDER))
    def test_a_suspicious_unpaid_payment_is_only_reported(self, status: Status) -> None:
        words = {here: raw_status for raw_status, here in WORDS.items()}
        reconciler = Reconciler(row(words[status], **SUSPICIOUS))
        payment = reconciler.with_status(status)
        reconciler.run()
        assert reconciler.standing(payment) == payment
        assert reconciler.discrepancies() == [("suspicious", "none")]

    def test_a_decided_suspicion_is_only_reported(self) -> None:
        reconciler = Reconciler(row(**SUSPICIOUS))
        payment = reconciler.paid()
        reconciler.run()
        mine = decided(reconciler, payment, Status.SUCCEEDED)
        reconciler.run(anew=True)
        assert reconciler.standing(payment) == mine
        assert reconciler.discrepancies() == [("suspicious", "none")]

    def test_a_failed_row_does_not_end_the_review(self) -> None:
        reconciler = Reconciler(row(**SUSPICIOUS))
        payment = reconciler.paid()
        reconciler.run()
        reconciler.listing.rows = [row("FAILED", **SUSPICIOUS)]
        reconciler.run(anew=True)
        assert reconciler.standing(payment).status is Status.NEEDS_REVIEW


class TestDecisions:
    """A gateway status that the reviewer knew does not reopen the review."""

    @pytest.mark.parametrize("is_orphan", [True, False])
    def test_a_decision_is_not_reopened_by_the_status_that_the_reviewer_knew(self, *, is_orphan: bool) -> None:
        fields = {"transaction_id": "PA7", "order_id": "theirs-1"} if is_orphan else SUSPICIOUS
        reconciler = Reconciler(row(**fields))
        if not is_orphan:
            reconciler.paid()
        reconciler.run()
        (payment,) = reconciler.ledger.payments()
        mine = decided(reconciler, payment, Status.FAILED)
        reconciler.gateway.asked.clear()
        for _ in range(3):
            reconciler.run(anew=True)
            assert reconciler.standing(mine) == mine
            assert ("status_drift", "none") in reconciler.discrepancies()
            assert {action for _, action in reconciler.discrepancies()} == {"none"}
        assert reconciler.gateway.asked == []

    def test_a_decision_is_reopened_by_another_status(self) -> None:
        reconciler = Reconciler(row(**SUSPICIOUS))
        payment = reconciler.paid()
        reconciler.run()
        decided(reconciler, payment, Status.SUCCEEDED)
        reconciler.listing.rows = [row("FAILED", **SUSPICIOUS)]
        reconciler.run(anew=True)
        assert reconciler.standing(payment).status is Status.NEEDS_REVIEW
        assert reconciler.discrepancies() == [("status_drift", "needs_review")]

    def test_a_decided_mismatch_is_not_reviewed_for_the_same_amount(self) -> None:
        reconciler = Reconciler(row(amount="10000"))
        payment = reconciler.claimed()
        reconciler.run()
        mine = decided(reconciler, payment, Status.SUCCEEDED)
        reconciler.run(anew=True)
        assert reconciler.standing(payment) == mine
        assert reconciler.discrepancies() == [("amount_drift", "none")]

    def test_a_decided_mismatch_of_amount_and_currency_is_not_reviewed_for_either(self) -> None:
        reconciler = Reconciler(row(amount="10000", currency="EUR"))
        payment = reconciler.claimed()
        reconciler.run()
        mine = decided(reconciler, payment, Status.SUCCEEDED)
        reconciler.run(anew=True)
        assert reconciler.standing(payment) == mine
        assert reconciler.discrepancies() == [("amount_drift", "none"), ("currency_drift", "none")]

    def test_a_refund_after_a_decision_is_recorded(self) -> None:
        reconciler = Reconciler(row(**SUSPICIOUS))
        payment = reconciler.paid()
        reconciler.run()
        decided(reconciler, payment, Status.SUCCEEDED)
        reconciler.listing.rows = [row(**SUSPICIOUS, **REFUNDED)]
        reconciler.run(anew=True)
        assert reconciler.standing(payment).refund.status == "refunded"
