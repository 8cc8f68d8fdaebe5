"""Payments that cannot be refunded, each with its code."""

from dataclasses import replace

import pytest

from payments.model.payment import Payment
from payments.model.refund import MAX_REFUND_HISTORY
from payments.ports.gateway import NoAnswer, Refused
from payments.refunding.eligibility import NotRefundable
from tests.fakes import samples
from tests.fakes.gateway import Answers, Refunds
from tests.payments.assembled import PaymentSystem
from tests.payments.refunding.refund_cases import in_review_as_suspicious, not_refundable


@pytest.mark.parametrize("raw_status", ["REDIRECT", "PENDING", "FAILED", "BLOCKED", "ABANDONED", "INIT"])
def test_a_payment_that_did_not_succeed_cannot_be_refunded(system: PaymentSystem, raw_status: str) -> None:
    system.gateway.script_charges(Answers(raw_status))
    assert not_refundable(system, system.charge().payment) == "not_succeeded"
    assert system.gateway.refund_posts == []


def test_a_payment_that_was_charged_back_cannot_be_refunded(system: PaymentSystem, paid: Payment) -> None:
    system.gateway.charges[0].charged_back = True
    system.refresh(paid)
    assert not_refundable(system, paid) == "already_charged_back"


def test_a_payment_with_a_refund_in_progress_cannot_be_refunded(system: PaymentSystem, paid: Payment) -> None:
    system.gateway.script_refunds(Refunds(error=NoAnswer("reset")))
    system.refund(paid)
    assert not_refundable(system, paid, "refund-2") == "refund_in_progress"


def test_a_payment_of_the_other_mode_cannot_be_refunded(system: PaymentSystem, paid: Payment) -> None:
    with pytest.raises(NotRefundable, match=r": other_mode$"):
        system.refunding.refund(replace(paid, live=True), samples.refund_request(), 20.0)


def test_a_payment_without_a_transaction_id_cannot_be_refunded(system: PaymentSystem, paid: Payment) -> None:
    with pytest.raises(NotRefundable, match=r": transaction_unknown$"):
        system.refunding.refund(replace(paid, transaction_id=None), samples.refund_request(), 20.0)


def test_a_payment_with_too_many_refused_refunds_cannot_be_refunded(system: PaymentSystem, paid: Payment) -> None:
    for nth in range(MAX_REFUND_HISTORY // 2 - 1):
        system.gateway.script_refunds(Refunds(done=False, error=Refused("no")))
        system.refund(paid, samples.refund_request(idempotency_key=f"try-{nth}"))
    assert system.reload(paid).version == MAX_REFUND_HISTORY
    assert not_refundable(system, paid) == "too_many_attempts"


def test_a_suspicious_payment_that_had_succeeded_can_be_refunded(system: PaymentSystem, paid: Payment) -> None:
    system.ledger.save(paid, in_review_as_suspicious(paid))
    assert system.refund(paid).payment.refund.status == "refunded"


def test_a_suspicious_payment_that_had_not_succeeded_cannot_be_refunded(system: PaymentSystem) -> None:
    system.gateway.script_charges(Answers("PENDING"))
    pending = system.charge().payment
    system.ledger.save(pending, in_review_as_suspicious(pending))
    assert not_refundable(system, pending) == "not_succeeded"
