"""The refund of a payment, as changes of that payment. Pure: a change returns a new payment, nothing is written.

Whether a refund is allowed is decided in `payments/refunding/eligibility.py`.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from payments.model.follow_up import FIRST_ASK, Answered, FollowUp, RefundAttempt
from payments.model.history import MAX_HISTORY, Evidence, Failure, Refund, Source
from payments.model.payment import Payment

REQUESTED: Final = "refund_requested"
FAILED: Final = "refund_failed"

MAX_REFUND_HISTORY: Final = 4 * MAX_HISTORY
"""History entries. An attempt adds two, and in an outage shops retry: this allows about a hundred attempts, with the
item still far below 400 KB."""

NEVER_ARRIVED: Final = "never_arrived"
"""The failure code after which another idempotency key may try again: the gateway knows of no refund."""

NOT_SENT: Final = "not_sent"
"""The failure code after which the same idempotency key may try again."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier refund request in the history. `failure`: its failure code; None when it did not fail."""

    fingerprint: str
    failure: str | None = None


def earlier(payment: Payment, request_id: str) -> Earlier | None:
    """The last attempt of the refund request with this id; None when the history has none."""
    found, is_same = None, False
    for entry in payment.history:
        if entry.name == REQUESTED:
            is_same = entry.evidence["refund_attempt"] == request_id
            found = Earlier(str(entry.evidence["fingerprint"])) if is_same else found
        elif entry.name == FAILED and is_same and found:
            found = replace(found, failure=str(entry.evidence["failure"]))
    return found


def requests_made(payment: Payment) -> int:
    """How many refund requests the payment's history has."""
    return sum(entry.name == REQUESTED for entry in payment.history)


def requested(payment: Payment, attempt: RefundAttempt, fingerprint: str) -> Payment:
    """The payment with the refund recorded before it is sent, and a status query due in case the process dies."""
    at = attempt.requested_at
    follow_up = FollowUp(due_at=at, ask_at=at + FIRST_ASK, arrived=True)
    requested_now = replace(payment, refund=Refund("requested"), refund_attempt=attempt, follow_up=follow_up)
    evidence = {"refund_attempt": attempt.id, "fingerprint": fingerprint}
    return requested_now.with_entry(REQUESTED, at, "request", evidence)


def answered(payment: Payment, kind: Answered) -> Payment:
    """The payment with the kind of the attempt's first answer recorded; unchanged when there is one already."""
    attempt = payment.refund_attempt
    if attempt is None or attempt.answered is not None:
        return payment
    return replace(payment, refund_attempt=replace(attempt, answered=kind))


def arrived(payment: Payment) -> Payment:
    """The payment after the gateway has shown that it received the refund request."""
    attempt = payment.refund_attempt
    return replace(payment, refund_attempt=replace(attempt, arrived=True)) if attempt else payment


def failed(payment: Payment, failure: Failure, *, at: datetime, source: Source, evidence: Evidence) -> Payment:
    """The payment after a failed refund: no money was sent back, and another refund may be requested."""
    attempt = replace(payment.refund_attempt, failure=failure) if payment.refund_attempt else None
    after = replace(payment, refund=Refund("failed"), refund_attempt=attempt, follow_up=_without_query(payment, at))
    return after.with_entry(FAILED, at, source, {**evidence, "failure": failure.code})


def refunded(payment: Payment, refunded_at: datetime, *, at: datetime, source: Source, evidence: Evidence) -> Payment:
    """The payment after its refund: the gateway has sent the money back."""
    noted = answered(payment, "verdict") if source == "answer" else payment
    after = replace(noted, refund=Refund("refunded", refunded_at), follow_up=_without_query(payment, at))
    return after.with_entry("refunded", at, source, evidence)


def _without_query(payment: Payment, at: datetime) -> FollowUp:
    """The follow-up without the query about our refund. If none was awaited, a query for another reason stays."""
    plan = payment.follow_up
    return FollowUp(due_at=at, ask_at=None, arrived=plan.arrived) if payment.awaits_refund else plan
