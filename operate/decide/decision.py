"""An operator's decision becomes the next entry of the payment's history. Only a payment in review, or a requested
refund, can be decided."""

from datetime import datetime, timedelta
from typing import Final, Protocol

from payments.errors import PaymentsError
from payments.model import refund as refunds
from payments.model.history import Evidence, Failure
from payments.model.payment import Payment
from payments.model.status import TRANSITIONS, IllegalTransition, Status
from payments.model.supersession import with_refund_due
from payments.ports.ledger import LostRace, OutcomeLedger, PaymentReader

REFUNDED: Final = "refunded"
REFUND_FAILED: Final = "refund_failed"
CHOICES: Final = (*sorted(status.value for status in TRANSITIONS[Status.NEEDS_REVIEW]), REFUNDED, REFUND_FAILED)

MAX_SENDING_TIME: Final = timedelta(minutes=2)
"""Longer than the sending function may run. Before that, `refund_failed` could allow a second refund."""

_DECIDED: Final = Failure("decided_by_operator", "decided after a review")


class DecisionLedger(PaymentReader, OutcomeLedger, Protocol):
    """What a decision needs of the table."""


class NotDecidable(PaymentsError):
    """The payment or refund cannot be decided by hand; the message gives its status."""


def decide(ledger: DecisionLedger, payment_id: str, to: str, *, who: str, why: str, at: datetime) -> Payment:
    """The payment after the decision. Raises NotDecidable if it does not wait for one, or has changed meanwhile.

    `who` and `why` stay in the history for ever and are not published. They must hold no card data and no
    shopper's name.
    """
    payment = ledger.get(payment_id)
    if payment is None:
        raise NotDecidable(f"there is no payment {payment_id}")
    try:
        return ledger.save(payment, with_refund_due(_decided(payment, to, {"who": who, "why": why}, at)))
    except (IllegalTransition, LostRace) as error:
        raise NotDecidable(f"{payment_id} has changed meanwhile: look again") from error


def _decided(payment: Payment, to: str, evidence: Evidence, at: datetime) -> Payment:
    if to in (REFUNDED, REFUND_FAILED):
        return _refund_decided(payment, to, evidence, at)
    if payment.status is not Status.NEEDS_REVIEW:
        raise NotDecidable(f"{payment.id} is {payment.status}: only needs_review is decided by hand")
    failure = None if to == Status.SUCCEEDED else _DECIDED
    return payment.transition_to(Status(to), at=at, source="operator", evidence=evidence, failure=failure)


def _refund_decided(payment: Payment, to: str, evidence: Evidence, at: datetime) -> Payment:
    if not payment.awaits_refund:
        raise NotDecidable(
            f"{payment.id} has refund {payment.refund.status}: only a requested refund is decided by hand"
        )
    attempt = payment.refund_attempt
    if to == REFUND_FAILED and attempt is not None and at - attempt.requested_at < MAX_SENDING_TIME:
        raise NotDecidable(
            f"the refund of {payment.id} may still be on its way to the gateway: look again in two minutes"
        )
    if to == REFUNDED:
        return refunds.refunded(payment, at, at=at, source="operator", evidence=evidence)
    return refunds.failed(payment, _DECIDED, at=at, source="operator", evidence=evidence)
