"""Payments and refused refunds that several tests of refunds share."""

import pytest

from payments.model.history import SUSPICIOUS, Failure
from payments.model.payment import Payment
from payments.model.status import Status
from payments.refunding.eligibility import NotRefundable
from tests.fakes import samples
from tests.fakes.clock import START
from tests.payments.assembled import PaymentSystem


def in_review_as_suspicious(payment: Payment) -> Payment:
    """The payment after the reconciliation put it into review, because the gateway calls it suspicious."""
    failure = Failure(SUSPICIOUS, "suspicious at the gateway")
    return payment.transition_to(Status.NEEDS_REVIEW, at=START, source="reconciliation", evidence={}, failure=failure)


def not_refundable(system: PaymentSystem, payment: Payment, key: str = "refund-1") -> str:
    """The code with which a request for a refund is turned down."""
    with pytest.raises(NotRefundable) as turned_down:
        system.refund(payment, samples.refund_request(idempotency_key=key))
    return turned_down.value.code


def entry_names(payment: Payment) -> list[str]:
    """The names of the entries in the payment's history."""
    return [entry.name for entry in payment.history]
