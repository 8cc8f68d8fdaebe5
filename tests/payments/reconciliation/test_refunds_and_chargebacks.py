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
from tests.payments.reconciliation.listed_facts import CHARGED_BACK, REFUNDED, last_entry
from tests.payments.reconciliation.reconciler import Reconciler, moment


def test_a_row_that_agrees_has_no_discrepancy() -> None:
    reconciler = Reconciler(row())
    payment = reconciler.paid()
    result = reconciler.run()
    assert result["state"] == "finished"
    assert (result["rows"], result["listed_total"], result["discrepancies"]) == (1, 1, {})
    assert reconciler.discrepancies() == []
    assert reconciler.standing(payment) == payment
    assert reconciler.unlisted_ids() == set()
    assert reconciler.gateway.asked == []


class TestRefundsAndChargebacks:
    def test_a_refund_made_in_the_gateways_dashboard_is_recorded(self) -> None:
        reconciler = Reconciler(row(**REFUNDED))
        payment = reconciler.paid()
        reconciler.run()
        after = reconciler.standing(payment)
        assert (after.status, after.refund.status) == (Status.SUCCEEDED, "refunded")
        assert after.refund.refunded_at == moment("2027-02-01T08:00")
        assert last_entry(after) == ("refunded", "reconciliation")
        assert reconciler.discrepancies() == [("refunded_elsewhere", "recorded")]

    def test_a_chargeback_is_recorded(self) -> None:
        reconciler = Reconciler(row(**CHARGED_BACK))
        payment = reconciler.paid()
        reconciler.run()
        after = reconciler.standing(payment)
        assert (after.status, after.chargeback.status) == (Status.SUCCEEDED, "charged_back")
        assert after.chargeback.charged_back_at == moment("2027-03-01T08:00")
        assert reconciler.discrepancies() == [("charged_back", "recorded")]

    def test_a_refund_and_a_chargeback_are_recorded_together(self) -> None:
        reconciler = Reconciler(row(**REFUNDED, **CHARGED_BACK))
        reconciler.paid()
        reconciler.run()
        assert reconciler.discrepancies() == [("refunded_elsewhere", "recorded"), ("charged_back", "recorded")]

    def test_a_recorded_refund_is_not_reported_again(self) -> None:
        reconciler = Reconciler(row(**REFUNDED, **CHARGED_BACK))
        payment = reconciler.paid()
        reconciler.run()
        before = reconciler.standing(payment)
        reconciler.run(anew=True)
        assert reconciler.discrepancies() == []
        assert reconciler.standing(payment) == before

    def test_a_refund_of_a_payment_in_review_is_recorded(self) -> None:
        reconciler = Reconciler(row(**REFUNDED))
        payment = reconciler.with_status(Status.NEEDS_REVIEW)
        reconciler.run()
        assert reconciler.standing(payment).refund.status == "refunded"
        assert ("refunded_elsewhere", "recorded") in reconciler.discrepancies()

    def test_our_refund_without_an_answer_is_confirmed(self) -> None:
        reconciler = Reconciler(row(**REFUNDED))
        payment = reconciler.paid()
        request = RefundAttempt("key", "nonce", START)
        reconciler.ledger.save(payment, refunds.requested(payment, request, "f" * 64))
        reconciler.run()
        assert reconciler.standing(payment).refund.status == "refunded"
        assert reconciler.discrepancies() == [("refund_confirmed", "recorded")]

    def test_our_pending_refund_is_no_difference(self) -> None:
        reconciler = Reconciler(row())
        payment = reconciler.paid()
        request = RefundAttempt("key", "nonce", START)
        asked = reconciler.ledger.save(payment, refunds.requested(payment, request, "f" * 64))
        reconciler.run()
        assert reconciler.standing(payment) == asked
        assert reconciler.discrepancies() == []

    @pytest.mark.parametrize("back", [REFUNDED, CHARGED_BACK])
    def test_an_unknown_status_for_refunded_money_is_no_drift(self, back: dict[str, Any]) -> None:
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
