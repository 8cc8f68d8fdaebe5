"""Refunds and chargebacks that only the gateway's list shows."""

from typing import Any

import pytest

from payments.model import refund as refunds
from payments.model.follow_up import RefundAttempt
from payments.model.status import Status
from payments.reconciliation.discrepancy import NOTES
from tests.fakes import samples
from tests.fakes.clock import START
from tests.fakes.transaction_list import row
from tests.payments.reconciliation.listed_facts import CHARGED_BACK, REFUNDED, last
from tests.payments.reconciliation.reconciler import Reconciler, moment


def test_books_that_agree_have_nothing_to_tell() -> None:
    reconciler = Reconciler(row())
    payment = reconciler.paid()
    result = reconciler.run()
    assert result["state"] == "finished"
    assert (result["rows"], result["listed_total"], result["discrepancies"]) == (1, 1, {})
    assert reconciler.discrepancies() == []
    assert reconciler.standing(payment) == payment
    assert reconciler.on_unlisted() == set()
    assert reconciler.gateway.asked == []


class TestMoneyOnItsWayBack:
    def test_a_refund_made_in_the_gateways_dashboard_is_recorded(self) -> None:
        reconciler = Reconciler(row(**REFUNDED))
        payment = reconciler.paid()
        reconciler.run()
        after = reconciler.standing(payment)
        assert (after.status, after.refund.status) == (Status.SUCCEEDED, "refunded")
        assert after.refund.refunded_at == moment("2027-02-01T08:00")
        assert last(after) == ("refunded", "reconciliation")
        assert reconciler.discrepancies() == [("refunded_elsewhere", "recorded")]

    def test_so_is_a_chargeback(self) -> None:
        reconciler = Reconciler(row(**CHARGED_BACK))
        payment = reconciler.paid()
        reconciler.run()
        after = reconciler.standing(payment)
        assert (after.status, after.chargeback.status) == (Status.SUCCEEDED, "charged_back")
        assert after.chargeback.charged_back_at == moment("2027-03-01T08:00")
        assert reconciler.discrepancies() == [("charged_back", "recorded")]

    def test_and_both_at_once(self) -> None:
        reconciler = Reconciler(row(**REFUNDED, **CHARGED_BACK))
        reconciler.paid()
        reconciler.run()
        assert reconciler.discrepancies() == [("refunded_elsewhere", "recorded"), ("charged_back", "recorded")]

    def test_what_was_recorded_yesterday_is_no_discrepancy_today(self) -> None:
        reconciler = Reconciler(row(**REFUNDED, **CHARGED_BACK))
        payment = reconciler.paid()
        reconciler.run()
        before = reconciler.standing(payment)
        reconciler.run(anew=True)
        assert reconciler.discrepancies() == []
        assert reconciler.standing(payment) == before

    def test_a_payment_in_review_hears_of_it_too(self) -> None:
        reconciler = Reconciler(row(**REFUNDED))
        payment = reconciler.settled(Status.NEEDS_REVIEW)
        reconciler.run()
        assert reconciler.standing(payment).refund.status == "refunded"
        assert ("refunded_elsewhere", "recorded") in reconciler.discrepancies()

    def test_a_refund_of_ours_that_was_in_doubt_is_confirmed(self) -> None:
        reconciler = Reconciler(row(**REFUNDED))
        payment = reconciler.paid()
        request = RefundAttempt("key", "nonce", START)
        reconciler.ledger.save(payment, refunds.requested(payment, request, "f" * 64))
        reconciler.run()
        assert reconciler.standing(payment).refund.status == "refunded"
        assert reconciler.discrepancies() == [("refund_confirmed", "recorded")]

    def test_a_refund_of_ours_that_is_on_its_way_is_no_difference(self) -> None:
        reconciler = Reconciler(row())
        payment = reconciler.paid()
        request = RefundAttempt("key", "nonce", START)
        asked = reconciler.ledger.save(payment, refunds.requested(payment, request, "f" * 64))
        reconciler.run()
        assert reconciler.standing(payment) == asked
        assert reconciler.discrepancies() == []

    @pytest.mark.parametrize("back", [REFUNDED, CHARGED_BACK])
    def test_a_word_of_its_own_for_money_sent_back_is_no_other_status(self, back: dict[str, Any]) -> None:
        reconciler = Reconciler(row("REVERSED", **back))
        payment = reconciler.paid()
        reconciler.run()
        after = reconciler.standing(payment)
        assert (after.status, after.version) == (Status.SUCCEEDED, 3)
        reconciler.gateway.asked.clear()
        reconciler.run(anew=True)
        assert reconciler.standing(payment) == after
        assert reconciler.discrepancies() == [("unknown_status", "none")], "it counts on our side alone"
        assert reconciler.gateway.asked == []

    def test_the_line_has_what_a_finance_person_needs(self) -> None:
        reconciler = Reconciler(row(**REFUNDED))
        payment = reconciler.paid()
        reconciler.run()
        assert reconciler.report()["discrepancies"] == [
            {
                "discrepancy": "refunded_elsewhere",
                "action": "recorded",
                "payment_id": payment.id,
                "transaction_id": samples.TRANSACTION_ID,
                "order_id": samples.ORDER_ID,
                "made_at": "2027-01-31T09:30:00.000Z",
                "amount_here": 100,
                "amount_gateway": 100,
                "currency_here": "GBP",
                "currency_gateway": "GBP",
                "status_here": "succeeded",
                "status_gateway": "SUCCESS",
                "refunded_at": "2027-02-01T08:00:00.000Z",
                "charged_back_at": None,
                "suspicious_at": None,
                "note": NOTES["refunded_elsewhere"],
            }
        ]
