"""The schedule of a follow-up: when the gateway is asked again, and when the questions end. Pure."""

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from payments.model import refund as refunds
from payments.model.follow_up import FollowUp
from payments.model.history import Failure
from payments.model.payment import Payment
from payments.model.status import Status

BACK_OFF: Final = tuple(timedelta(seconds=s) for s in (60, 300, 900, 3600, 21600, 86400))
"""Waits between questions. Most answers are minutes away; past a day only a human knows more than the gateway."""

CONFIRMED_ASKS: Final = 3
"""A webhook may be ahead of the status API: a verdict that it contradicts stands once it is confirmed this often."""

NEVER_ARRIVED_AFTER: Final = timedelta(hours=1)
NEVER_ARRIVED_ASKS: Final = 2
"""Not found means "never arrived" only from the second time on, an hour after the intent: lists may lag."""


def unanswered(payment: Payment, now: datetime, *, not_found: bool = False, arrived: bool = False) -> Payment:
    """The payment after one more question that brought no verdict: it was not found, is known, or all was silence."""
    plan = payment.follow_up
    asks, missing, known = plan.asks + 1, plan.not_found + not_found, plan.arrived or arrived
    confirmed = not payment.is_open and arrived and asks >= CONFIRMED_ASKS
    in_review = asks > len(BACK_OFF) and payment.status in (Status.NEEDS_REVIEW, Status.SUCCEEDED)
    if confirmed or in_review:
        due_at = now if payment.has_unpublished else None
        return replace(payment, follow_up=FollowUp(due_at, None, asks, missing, known))
    # Concluded from an answer, never from silence: earlier answers may only have lagged.
    if not_found and not known and _never_arrived(payment, now, missing):
        failure = Failure("never_arrived", "the gateway has no record of this payment: nothing was charged")
        evidence = {"not_found": missing, "asks": asks}
        return payment.transition_to(Status.FAILED, at=now, source="status", evidence=evidence, failure=failure)
    if asks > len(BACK_OFF):
        failure = Failure("unresolved", f"the gateway gave no verdict after {asks} questions")
        evidence = {"not_found": missing, "asks": asks}
        return payment.transition_to(Status.NEEDS_REVIEW, at=now, source="status", evidence=evidence, failure=failure)
    ask_at = now + _jittered(BACK_OFF[asks - 1], f"{payment.id}:{asks}")
    due_at = now if payment.has_unpublished else ask_at
    return replace(payment, follow_up=FollowUp(due_at, ask_at, asks, missing, known))


def refund_unanswered(payment: Payment, now: datetime, *, denied: bool) -> Payment:
    """A refund in doubt after one more question; `denied`: the gateway says in so many words that there is none.

    It never arrived only when that is said twice, the last time an hour after the request: the status may lag, too. One
    that did arrive may be made in the night, or next week. Money that may be on its way back is asked about for as long
    as it takes; past a day somebody is woken as well.
    """
    plan, request = payment.follow_up, payment.refund_attempt
    asks, denials = plan.asks + 1, plan.not_found + denied
    may_be_on_its_way = request is not None and (request.arrived or now - request.requested_at < NEVER_ARRIVED_AFTER)
    if denied and denials >= NEVER_ARRIVED_ASKS and not may_be_on_its_way:
        failure = Failure("never_arrived", "the gateway knows of no refund: the money was not sent back")
        evidence = {"not_refunded": denials, "asks": asks}
        return refunds.failed(payment, failure, at=now, source="status", evidence=evidence)
    ask_at = now + _jittered(BACK_OFF[min(asks, len(BACK_OFF)) - 1], f"{payment.id}:{asks}")
    due_at = now if payment.has_unpublished else ask_at
    return replace(payment, follow_up=FollowUp(due_at, ask_at, asks, denials, arrived=True))


def _never_arrived(payment: Payment, now: datetime, not_found: int) -> bool:
    long_ago = now - payment.created_at >= NEVER_ARRIVED_AFTER
    return payment.status is Status.PROCESSING and not_found >= NEVER_ARRIVED_ASKS and long_ago


def _jittered(wait: timedelta, seed: str) -> timedelta:
    """Up to a fifth more, told by the payment itself: spread without randomness, so a test can name the second."""
    return wait * (1 + hashlib.sha256(seed.encode()).digest()[0] / 1280)
