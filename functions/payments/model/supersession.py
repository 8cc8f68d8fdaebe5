"""Supersession: a payment on the gateway's page gives up its order, to another payment or by a cancellation.

Pure: nothing is written. It is a fact beside the status. The gateway cannot void the payment: it may still succeed, and
is asked about as before.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from payments.model import refund as refunds
from payments.model.follow_up import FIRST_ASK, FollowUp
from payments.model.history import Entry, Evidence
from payments.model.payment import Payment
from payments.model.status import FREES_THE_ORDER, IllegalTransition, Status

IF_PAID: Final = "if_paid"
REFUND: Final = "refund"
"""Evidence of the entry `superseded`. The policy at that time counts, so that each later writer decides alike."""


def waits_for_shopper(payment: Payment) -> bool:
    """Whether only its shopper can move the payment on: it is on the gateway's page.

    It stays there when the status queries have ended, and a person may decide on it too.
    """
    if payment.status is not Status.NEEDS_REVIEW:
        return payment.status is Status.REQUIRES_ACTION
    end = payment.transitions[-1]
    return end.previous_status is Status.REQUIRES_ACTION and "asks" in end.evidence


def is_left(payment: Payment, now: datetime, left_after: timedelta | None) -> bool:
    """Whether the shopper counts as gone: on the gateway's page without news for longer than that. None: never."""
    waits = waits_for_shopper(payment) and payment.superseded_at is None
    return left_after is not None and waits and now - payment.updated_at > left_after


def frees_the_order(payment: Payment) -> bool:
    """Whether another payment for the same order is allowed: this one has no money, or gives it back.

    A superseded payment frees its order while it waits for its shopper, and when its money goes back. It does not while
    the gateway or a person decides on it: then it may be about to charge, or money has moved.
    """
    if payment.status in FREES_THE_ORDER:
        return True
    return payment.superseded_at is not None and (waits_for_shopper(payment) or goes_back(payment))


def goes_back(payment: Payment) -> bool:
    """Whether the payment is paid, and its money was sent back, or is on its way back as its supersession demands."""
    if payment.status is not Status.SUCCEEDED:
        return False
    is_on_its_way = is_to_be_refunded(payment) and payment.awaits_refund
    return payment.refund.status == "refunded" or is_on_its_way


def was_superseded_at(payment: Payment, entry: Entry) -> datetime | None:
    """When the payment was superseded, as it was known with this history entry; None: not yet."""
    until = payment.history[: entry.sequence]
    return next((earlier.at for earlier in until if earlier.name == "superseded"), None)


def is_late_success(payment: Payment, entry: Entry) -> bool:
    """Whether the entry is a success on which its shop no longer counted: it may have charged for the order again."""
    if not entry.is_transition or entry.status is not Status.SUCCEEDED:
        return False
    return entry.previous_status in FREES_THE_ORDER or was_superseded_at(payment, entry) is not None


def superseded(payment: Payment, by: str | None, at: datetime, *, refund_if_paid: bool = False) -> Payment:
    """The payment after the payment with the id `by` took its order; None: after it was cancelled.

    `refund_if_paid`: it is refunded if it succeeds after all. Raises IllegalTransition.
    """
    if not waits_for_shopper(payment) or payment.superseded_at is not None:
        raise IllegalTransition(f"a payment that is {payment.status} cannot be superseded")
    evidence: Evidence = {"cancelled": 1} if by is None else {"superseded_by": by}
    evidence = {**evidence, **({IF_PAID: REFUND} if refund_if_paid else {})}
    marked = replace(payment, superseded_at=at)
    if payment.status is Status.NEEDS_REVIEW:  # the queries have ended: they begin anew, because it may be paid now
        marked = replace(marked, follow_up=FollowUp(due_at=at, ask_at=at + FIRST_ASK, arrived=True))
    return marked.with_entry("superseded", at, "request", evidence)


def successor_of(payment: Payment) -> str | None:
    """The id of the payment that took the order; None if none did. Nothing may be recorded under it any more."""
    ids = (entry.evidence.get("superseded_by") for entry in payment.history if entry.name == "superseded")
    return next((str(each) for each in ids if each is not None), None)


def is_to_be_refunded(payment: Payment) -> bool:
    """Whether the payment was superseded with the policy to refund it, and is paid, and was not charged back."""
    is_late = payment.superseded_at is not None and payment.status is Status.SUCCEEDED
    if not is_late or payment.chargeback.status == "charged_back":
        return False
    return any(entry.name == "superseded" and entry.evidence.get(IF_PAID) == REFUND for entry in payment.history)


def owes_refund(payment: Payment) -> bool:
    """Whether a refund is to be sent now: none was sent before, because a second one may pay out twice.

    The evidence that a refund never arrived is an hour of a flag that may lag, so it is a person who sends another.
    """
    if not is_to_be_refunded(payment):
        return False
    failures = (entry.evidence.get("failure") for entry in payment.history if entry.name == refunds.FAILED)
    is_open = payment.refund.status in ("none", "failed")
    return is_open and all(failure == refunds.NOT_SENT for failure in failures)


def with_refund_due(payment: Payment) -> Payment:
    """The payment with the refund that it owes on the follow-up's list: the write that makes it owed makes it due."""
    if payment.follow_up.ask_at is not None or not owes_refund(payment):
        return payment
    at = payment.updated_at
    return replace(payment, follow_up=replace(payment.follow_up, due_at=at, ask_at=at))
