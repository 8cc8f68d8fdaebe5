"""Supersession: a payment on the gateway's page gives up its order, to another payment or by a cancellation.

Pure: nothing is written. It is a fact beside the status. The gateway cannot void the payment: it may still succeed, and
is asked about as before.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from payments.model.history import Evidence
from payments.model.payment import Payment
from payments.model.status import IllegalTransition, Status


def is_left(payment: Payment, now: datetime, left_after: timedelta | None) -> bool:
    """Whether the shopper counts as gone: on the gateway's page without news for longer than that. None: never."""
    waits = payment.status is Status.REQUIRES_ACTION and payment.superseded_at is None
    return left_after is not None and waits and now - payment.updated_at > left_after


def superseded(payment: Payment, by: str | None, at: datetime) -> Payment:
    """The payment after the payment with the id `by` took its order; None: after it was cancelled.

    Raises IllegalTransition.
    """
    if payment.status is not Status.REQUIRES_ACTION or payment.superseded_at is not None:
        raise IllegalTransition(f"a payment that is {payment.status} cannot be superseded")
    evidence: Evidence = {"cancelled": 1} if by is None else {"superseded_by": by}
    return replace(payment, superseded_at=at).with_entry("superseded", at, "request", evidence)
