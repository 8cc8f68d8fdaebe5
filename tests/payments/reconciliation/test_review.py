"""Reviews: suspicious payments, and decisions that the reconciliation keeps."""

import pytest

from payments.model.status import FREES_THE_ORDER, Status
from tests.fakes.transaction_list import row
from tests.payments.reconciliation.listed_facts import REFUNDED, SUSPICIOUS, WORDS, decided
from tests.payments.reconciliation.reconciler import Reconciler


class TestSuspicious:
    def test_what_moved_money_goes_to_a_human(self) -> None:
        reconciler = Reconciler(row(**SUSPICIOUS))
        payment = reconciler.paid()
        reconciler.run()
        after = reconciler.standing(payment)
        assert (after.status, after.failure and after.failure.code) == (Status.NEEDS_REVIEW, "suspicious")
        assert reconciler.discrepancies() == [("suspicious", "needs_review")]
        assert reconciler.report()["discrepancies"][0]["suspicious_at"] == "2027-02-02T08:00:00.000Z"

    def test_of_what_is_open_the_verdict_is_still_heard(self) -> None:
        reconciler = Reconciler(row("PENDING", **SUSPICIOUS))
        payment = reconciler.settled(Status.PENDING)
        reconciler.run()
        assert reconciler.standing(payment) == payment
        assert reconciler.discrepancies() == [("suspicious", "none")]
        reconciler.listing.told = [row("SUCCESS", **SUSPICIOUS)]
        reconciler.run(anew=True)
        assert reconciler.standing(payment).status is Status.NEEDS_REVIEW
        assert reconciler.discrepancies() == [("recorded", "recorded"), ("suspicious", "needs_review")]

    @pytest.mark.parametrize("status", sorted(FREES_THE_ORDER))
    def test_what_moved_none_is_told(self, status: Status) -> None:
        words = {here: said for said, here in WORDS.items()}
        reconciler = Reconciler(row(words[status], **SUSPICIOUS))
        payment = reconciler.settled(status)
        reconciler.run()
        assert reconciler.standing(payment) == payment
        assert reconciler.discrepancies() == [("suspicious", "none")]

    def test_once_a_human_has_decided_it_is_a_line(self) -> None:
        reconciler = Reconciler(row(**SUSPICIOUS))
        payment = reconciler.paid()
        reconciler.run()
        mine = decided(reconciler, payment, Status.SUCCEEDED)
        reconciler.run(anew=True)
        assert reconciler.standing(payment) == mine
        assert reconciler.discrepancies() == [("suspicious", "none")]

    def test_the_next_message_does_not_talk_it_away(self) -> None:
        reconciler = Reconciler(row(**SUSPICIOUS))
        payment = reconciler.paid()
        reconciler.run()
        reconciler.listing.told = [row("FAILED", **SUSPICIOUS)]
        reconciler.run(anew=True)
        assert reconciler.standing(payment).status is Status.NEEDS_REVIEW


class TestAHumansWord:
    """The gateway still says what it said when the human decided: that is no news."""

    @pytest.mark.parametrize("orphaned", [True, False])
    def test_is_not_reopened_by_the_word_that_he_knew(self, *, orphaned: bool) -> None:
        told = {"transaction_id": "PA7", "order_id": "somebody-elses"} if orphaned else SUSPICIOUS
        reconciler = Reconciler(row(**told))
        if not orphaned:
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

    def test_is_reopened_by_another_word(self) -> None:
        reconciler = Reconciler(row(**SUSPICIOUS))
        payment = reconciler.paid()
        reconciler.run()
        decided(reconciler, payment, Status.SUCCEEDED)
        reconciler.listing.told = [row("FAILED", **SUSPICIOUS)]
        reconciler.run(anew=True)
        assert reconciler.standing(payment).status is Status.NEEDS_REVIEW
        assert reconciler.discrepancies() == [("status_drift", "needs_review")]

    def test_on_a_mismatch_is_not_doubted_for_the_same_amount(self) -> None:
        reconciler = Reconciler(row(amount="10000"))
        payment = reconciler.claimed()
        reconciler.run()
        mine = decided(reconciler, payment, Status.SUCCEEDED)
        reconciler.run(anew=True)
        assert reconciler.standing(payment) == mine
        assert reconciler.discrepancies() == [("amount_drift", "none")]

    def test_does_not_keep_a_refund_from_being_heard(self) -> None:
        reconciler = Reconciler(row(**SUSPICIOUS))
        payment = reconciler.paid()
        reconciler.run()
        decided(reconciler, payment, Status.SUCCEEDED)
        reconciler.listing.told = [row(**SUSPICIOUS, **REFUNDED)]
        reconciler.run(anew=True)
        assert reconciler.standing(payment).refund.status == "refunded"
