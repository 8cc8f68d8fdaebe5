"""Payments that the gateway's list does not show."""

from decimal import Decimal
from typing import Any

import pytest

from payments.model.payment import Payment
from payments.model.status import FREES_THE_ORDER, Status
from payments.ports.gateway import NoAnswer
from tests.fakes import samples
from tests.fakes.clock import START
from tests.fakes.transaction_list import row
from tests.payments.reconciliation.eventful_day import ASKED
from tests.payments.reconciliation.listed_facts import decided
from tests.payments.reconciliation.reconciler import PLENTY, Reconciler, moment


class TestUnlisted:
    """Payments of ours that the gateway's list does not show."""

    def test_a_payment_that_the_status_api_knows_is_reported_and_crossed_off(self) -> None:
        reconciler = Reconciler()
        payment = reconciler.paid()
        reconciler.gateway.script_statuses(samples.transaction())
        reconciler.run()
        assert reconciler.discrepancies() == [("not_listed", "none")]
        assert reconciler.standing(payment) == payment
        assert reconciler.unlisted_ids() == set()
        reconciler.run(anew=True)
        assert reconciler.discrepancies() == []
        assert len(reconciler.gateway.asked) == 1

    def test_a_payment_unknown_to_the_gateway_on_two_days_is_reviewed(self) -> None:
        reconciler = Reconciler()
        payment = reconciler.paid()
        for _ in range(2):  # on one day alone the gateway may be wrong, or our keys another account's
            reconciler.run(anew=True)
            assert reconciler.standing(payment).history == payment.history
            assert reconciler.discrepancies() == [("unknown_to_gateway", "none")]
            assert reconciler.unlisted_ids() == {payment.id}
        reconciler.clock.forward(hours=24)
        reconciler.run(anew=True)
        after = reconciler.standing(payment)
        assert after.failure is not None
        assert (after.status, after.failure.code) == (Status.NEEDS_REVIEW, "unknown_to_gateway")
        assert reconciler.discrepancies() == [("unknown_to_gateway", "needs_review")]
        assert reconciler.unlisted_ids() == set()

    def test_a_payment_unknown_once_and_then_listed_is_not_reviewed(self) -> None:
        reconciler = Reconciler()
        payment = reconciler.paid()
        reconciler.run()
        reconciler.clock.forward(hours=24)
        reconciler.listing.rows.append(row())
        reconciler.run(anew=True)
        assert reconciler.discrepancies() == []
        assert reconciler.unlisted_ids() == set()
        assert reconciler.standing(payment).status is Status.SUCCEEDED

    def test_a_payment_that_a_reviewer_confirmed_is_not_missed_again(self) -> None:
        """The call that put it into review was killed before it took the payment off the index."""
        reconciler = Reconciler()
        paid = reconciler.paid()
        review = paid.transition_to(
            Status.NEEDS_REVIEW, at=START, source="reconciliation", evidence={"discrepancy": "unknown_to_gateway"}
        )
        mine = decided(reconciler, reconciler.ledger.save(paid, review), Status.SUCCEEDED)
        reconciler.clock.forward(hours=2)
        reconciler.run()
        assert reconciler.standing(paid).status is mine.status is Status.SUCCEEDED
        assert reconciler.discrepancies() == [("unknown_to_gateway", "none")]
        assert reconciler.unlisted_ids() == set()

    def test_a_payment_released_meanwhile_is_not_crossed_off(self) -> None:
        """Its key may be claimed anew, and that payment is on the index under the same id."""
        reconciler = Reconciler()
        payment = reconciler.claimed()
        reconciler.gateway.script_statuses(samples.transaction("FAILED"))
        ledger = reconciler.ledger

        class Released:
            def __getattr__(self, name: str) -> Any:
                return getattr(ledger, name)

            def save(self, before: Payment, after: Payment) -> Payment:
                assert ledger.release(before)
                try:
                    return ledger.save(before, after)
                finally:
                    assert ledger.claim(payment, None) is None

        invocation = reconciler.wired(lambda target: Released() if target is ledger else target)
        assert invocation.take(ASKED, lambda: PLENTY)["discrepancies"] == {}
        assert reconciler.unlisted_ids() == {payment.id}

    def test_a_decision_against_the_gateways_status_is_only_reported(self) -> None:
        reconciler = Reconciler()
        payment = reconciler.claimed()
        seen = {"gateway_status": "SUCCESS"}
        review = payment.transition_to(
            Status.NEEDS_REVIEW, at=START, source="webhook", evidence=seen, transaction_id=samples.TRANSACTION_ID
        )
        mine = decided(reconciler, reconciler.ledger.save(payment, review), Status.FAILED)
        reconciler.clock.forward(hours=2)
        reconciler.gateway.script_statuses(samples.transaction())
        reconciler.run()
        assert reconciler.standing(payment) == mine
        assert reconciler.discrepancies() == [("status_drift", "none"), ("not_listed", "none")]

    def test_an_unknown_open_payment_is_left_to_the_follow_up(self) -> None:
        reconciler = Reconciler()
        payment = reconciler.claimed()
        reconciler.run()
        assert reconciler.standing(payment) == payment
        assert reconciler.discrepancies() == [("unknown_to_gateway", "none")]
        assert reconciler.unlisted_ids() == {payment.id}

    def test_an_open_payment_of_this_hour_is_skipped(self) -> None:
        reconciler = Reconciler()
        reconciler.clock.now = START
        payment = reconciler.claimed()
        reconciler.clock.forward(minutes=-30)
        reconciler.run()
        assert reconciler.discrepancies() == []
        assert reconciler.gateway.asked == []
        assert reconciler.unlisted_ids() == {payment.id}

    def test_an_open_payment_of_exactly_an_hour_is_asked_about(self) -> None:
        reconciler = Reconciler()
        reconciler.clock.now = START
        payment = reconciler.claimed()
        reconciler.run()
        assert reconciler.gateway.asked == [payment.wire_order_id]

    def test_an_outcome_that_only_the_status_api_knows_is_recorded(self) -> None:
        reconciler = Reconciler()
        payment = reconciler.claimed()
        reconciler.gateway.script_statuses(samples.transaction("FAILED"))
        reconciler.run()
        assert reconciler.standing(payment).status is Status.FAILED
        assert reconciler.discrepancies() == [("not_listed", "none"), ("recorded", "recorded")]

    def test_the_gateways_side_of_its_line_is_the_status_apis_answer(self) -> None:
        reconciler = Reconciler()
        reconciler.paid()
        reconciler.gateway.script_statuses(samples.transaction("FAILED", amount=Decimal(250), currency="EUR"))
        reconciler.run()
        line = reconciler.report()["discrepancies"][0]
        assert (line["amount_gateway"], line["currency_gateway"], line["status_gateway"]) == (250, "EUR", "FAILED")
        assert (line["amount_here"], line["currency_here"]) == (100, "GBP")

    def test_a_payment_that_never_reached_the_gateway_is_crossed_off(self) -> None:
        reconciler = Reconciler()
        payment = reconciler.with_status(Status.FAILED, transaction_id=None)
        reconciler.run()
        assert reconciler.discrepancies() == []
        assert reconciler.gateway.asked == []
        assert payment.id not in reconciler.unlisted_ids()

    @pytest.mark.parametrize("status", [*sorted(FREES_THE_ORDER), Status.NEEDS_REVIEW])
    def test_an_unknown_unpaid_payment_is_reported_once(self, status: Status) -> None:
        reconciler = Reconciler()
        payment = reconciler.with_status(status)
        reconciler.run()
        assert reconciler.standing(payment) == payment
        assert reconciler.discrepancies() == [("unknown_to_gateway", "none")]
        reconciler.run(anew=True)
        assert reconciler.discrepancies() == []

    def test_a_payment_without_an_answer_stays_on_the_index(self) -> None:
        reconciler = Reconciler()
        payment = reconciler.paid()
        reconciler.gateway.script_statuses(NoAnswer("no answer"))
        reconciler.run()
        assert reconciler.standing(payment) == payment
        assert reconciler.discrepancies() == [("unconfirmed", "none")]
        assert reconciler.unlisted_ids() == {payment.id}

    def test_a_payment_that_the_status_api_contradicts_is_reviewed(self) -> None:
        reconciler = Reconciler()
        payment = reconciler.paid()
        reconciler.gateway.script_statuses(samples.transaction("FAILED"))
        reconciler.run()
        assert reconciler.standing(payment).status is Status.NEEDS_REVIEW
        assert reconciler.discrepancies() == [("not_listed", "none"), ("status_drift", "needs_review")]

    def test_a_payment_of_the_other_mode_is_skipped(self) -> None:
        reconciler = Reconciler()
        reconciler.paid(live=True)
        reconciler.run()
        assert reconciler.discrepancies() == []
        assert reconciler.gateway.asked == []

    def test_payments_of_other_days_are_skipped(self) -> None:
        reconciler = Reconciler()
        payment = reconciler.paid(at=moment("2027-01-30T23:59"))
        reconciler.run()
        assert reconciler.unlisted_ids() == {payment.id}
        assert reconciler.gateway.asked == []

    def test_many_payments_are_reconciled_page_by_page(self) -> None:
        reconciler = Reconciler()
        for nth in range(20):
            reconciler.paid(f"key-{nth}", f"PA{nth}", order_id=None)
            reconciler.gateway.script_statuses(samples.transaction(transaction_id=f"PA{nth}", order_id=None))
        assert reconciler.run()["discrepancies"] == {"not_listed": 20}
        assert len(reconciler.gateway.asked) == 20
        assert reconciler.unlisted_ids() == set()
