"""The way back, as changes of one payment. Every change gives a new one; nothing is done here."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from payments.model.follow_up import FIRST_ASK, Answered, FollowUp, RefundAttempt
from payments.model.history import MAX_HISTORY, Evidence, Failure, Refund, Source
from payments.model.payment import Payment

REQUESTED: Final = "refund_requested"
FAILED: Final = "refund_failed"

MOST_ENTRIES: Final = 4 * MAX_HISTORY
"""Each try adds two, and in an outage we ask for tries: room for a hundred, and the item still far below 400 KB."""

NOT_SENT: Final = "not_sent"
"""The failure after which the same key may try again."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """A request that was made before, as the history has it. `failure`: why it came to nothing, if it did."""

    fingerprint: str
    failure: str | None = None


def earlier(payment: Payment, request_id: str) -> Earlier | None:
    """The last time that this very request was made."""
    found, mine = None, False
    for entry in payment.history:
        if entry.name == REQUESTED:
            mine = entry.evidence["refund_attempt"] == request_id
            found = Earlier(str(entry.evidence["fingerprint"])) if mine else found
        elif entry.name == FAILED and mine and found:
            found = replace(found, failure=str(entry.evidence["failure"]))
    return found


def requested(payment: Payment, request: RefundAttempt, fingerprint: str) -> Payment:
    """A refund recorded as asked for, before it is: due for a question should nobody come back to it."""
    at = request.requested_at
    follow_up = FollowUp(due_at=at, ask_at=at + FIRST_ASK, arrived=True)
    asked = replace(payment, refund=Refund("requested"), refund_attempt=request, follow_up=follow_up)
    evidence = {"refund_attempt": request.id, "fingerprint": fingerprint}
    return asked.with_entry(REQUESTED, at, "request", evidence)


def answered(payment: Payment, kind: Answered) -> Payment:
    """The kind of the request's first answer noted: a repeat of it is answered alike."""
    request = payment.refund_attempt
    if request is None or request.answered is not None:
        return payment
    return replace(payment, refund_attempt=replace(request, answered=kind))


def arrived(payment: Payment) -> Payment:
    """The gateway has shown that it has the request, whatever it does with it."""
    request = payment.refund_attempt
    return replace(payment, refund_attempt=replace(request, arrived=True)) if request else payment


def failed(payment: Payment, failure: Failure, *, at: datetime, source: Source, evidence: Evidence) -> Payment:
    """A refund come to nothing: the money is where it was, and may be asked back again."""
    request = replace(payment.refund_attempt, failure=failure) if payment.refund_attempt else None
    undone = replace(payment, refund=Refund("failed"), refund_attempt=request, follow_up=_at_rest(payment, at))
    return undone.with_entry(FAILED, at, source, {**evidence, "failure": failure.code})


def refunded(payment: Payment, refunded_at: datetime, *, at: datetime, source: Source, evidence: Evidence) -> Payment:
    """The money is on its way back."""
    told = answered(payment, "verdict") if source == "answer" else payment
    done = replace(told, refund=Refund("refunded", refunded_at), follow_up=_at_rest(payment, at))
    return done.with_entry("refunded", at, source, evidence)


def _at_rest(payment: Payment, at: datetime) -> FollowUp:
    """The refund was all there was to ask about; any other question stands, should the refund be somebody else's."""
    plan = payment.follow_up
    return FollowUp(due_at=at, ask_at=None, arrived=plan.arrived) if payment.awaits_refund else plan
