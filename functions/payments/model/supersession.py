"""Supersession: a payment on the gateway's page gives up its order, to another payment or by a cancellation.

Pure: nothing is written. It is a fact beside the status. The gateway cannot void the payment: it may still succeed, and
is asked about as before.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from payments.model import refund as refunds
from payments.model.history import Evidence
from payments.model.payment import Payment
from payments.model.status import IllegalTransition, Status

IF_PAID: Final = "if_paid"
REFUND: Final = "refund"
"""Evidence of the entry `superseded`. The policy at that time counts, so that each later writer decides alike."""

MAX_LOST: Final = 2
"""Refunds that never arrived, after which a person must look. The evidence for one is an hour of a flag that may lag: a
gateway that books refunds overnight would get a request every hour."""


def is_left(payment: Payment, now: datetime, left_after: timedelta | None) -> bool:
    """Whether the shopper counts as gone: on the gateway's page without news for longer than that. None: never."""
    waits = payment.status is Status.REQUIRES_ACTION and payment.superseded_at is None
    return left_after is not None and waits and now - payment.updated_at > left_after


def superseded(payment: Payment, by: str | None, at: datetime, *, refund_if_paid: bool = False) -> Payment:
    """The payment after the payment with the id `by` took its order; None: after it was cancelled.

    `refund_if_paid`: it is refunded if it succeeds after all. Raises IllegalTransition.
    """
    if payment.status is not Status.REQUIRES_ACTION or payment.superseded_at is not None:
        raise IllegalTransition(f"a payment that is {payment.status} cannot be superseded")
    evidence: Evidence = {"cancelled": 1} if by is None else {"superseded_by": by}
    evidence = {**evidence, **({IF_PAID: REFUND} if refund_if_paid else {})}
    return replace(payment, superseded_at=at).with_entry("superseded", at, "request", evidence)


def is_to_be_refunded(payment: Payment) -> bool:
    """Whether the payment was superseded with the policy to refund it, and is paid, and was not charged back."""
    is_late = payment.superseded_at is not None and payment.status is Status.SUCCEEDED
    if not is_late or payment.chargeback.status == "charged_back":
        return False
    return any(entry.name == "superseded" and entry.evidence.get(IF_PAID) == REFUND for entry in payment.history)


def owes_refund(payment: Payment) -> bool:
    """Whether a refund is to be sent now: none was made, none may be on its way, and the gateway refused none."""
    if not is_to_be_refunded(payment):
        return False
    attempt = payment.refund_attempt
    failure = attempt.failure if attempt and payment.refund.status == "failed" else None
    if failure is None:
        return payment.refund.status == "none"
    lost = [entry for entry in payment.history if entry.evidence.get("failure") == refunds.NEVER_ARRIVED]
    return failure.code == refunds.NOT_SENT or (failure.code == refunds.NEVER_ARRIVED and len(lost) < MAX_LOST)


def with_refund_due(payment: Payment) -> Payment:
    """The payment with the refund that it owes on the follow-up's list: the write that makes it owed makes it due."""
    if payment.follow_up.ask_at is not None or not owes_refund(payment):
        return payment
    at = payment.updated_at
    return replace(payment, follow_up=replace(payment.follow_up, due_at=at, ask_at=at))
