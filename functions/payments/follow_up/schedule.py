"""The schedule of a follow-up: the time of the next query, and the end of all queries. Pure."""

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
"""Waits between queries. Most verdicts come within minutes; after a day only a person learns more from the gateway."""

UNANSWERED_WAIT: Final = timedelta(seconds=50)
"""After a query without an answer; a minute at most with the jitter. An outage says nothing about the payment, so it
uses up no part of the plan. It costs little, because a run stops after a few unanswered queries."""

WHOLE_PLAN: Final = sum(BACK_OFF, timedelta())
"""Queries that get no answer for so long end the plan, and a person decides."""

CONFIRMED_ASKS: Final = 3
"""A webhook may be ahead of the status API. If a webhook contradicts a verdict, the verdict stands once the status API
has confirmed it in this many queries."""

NEVER_ARRIVED_AFTER: Final = timedelta(hours=1)
NEVER_ARRIVED_ASKS: Final = 2
"""The status API may lag. "Not found" means "never arrived" only the second time, and an hour after the intent."""


def after_query(payment: Payment, now: datetime, *, not_found: bool = False, arrived: bool = False) -> Payment:
    """The payment after one more query without a verdict.

    `not_found`: the gateway does not know the payment. `arrived`: it does. Neither: the queries have gone unanswered
    for the whole plan, or none is possible.
    """
    follow_up = payment.follow_up
    asks, times_not_found = follow_up.asks + 1, follow_up.not_found + not_found
    has_arrived = follow_up.arrived or arrived
    confirmed = not payment.is_open and arrived and asks >= CONFIRMED_ASKS
    exhausted = asks > len(BACK_OFF) and payment.status in (Status.NEEDS_REVIEW, Status.SUCCEEDED)
    if confirmed or exhausted:
        due_at = now if payment.has_unpublished else None
        return replace(payment, follow_up=FollowUp(due_at, None, asks, times_not_found, has_arrived))
    # A query without an answer proves nothing, and an earlier "not found" may have been out of date.
    if not_found and not has_arrived and _never_arrived(payment, now, times_not_found):
        failure = Failure("never_arrived", "the gateway has no record of this payment: nothing was charged")
        evidence = {"not_found": times_not_found, "asks": asks}
        return payment.transition_to(Status.FAILED, at=now, source="status", evidence=evidence, failure=failure)
    if asks > len(BACK_OFF):
        failure = Failure("unresolved", f"the gateway gave no verdict after {asks} questions")
        evidence = {"not_found": times_not_found, "asks": asks}
        return payment.transition_to(Status.NEEDS_REVIEW, at=now, source="status", evidence=evidence, failure=failure)
    ask_at = now + _jittered(BACK_OFF[asks - 1], f"{payment.id}:{asks}")
    due_at = now if payment.has_unpublished else ask_at
    return replace(payment, follow_up=FollowUp(due_at, ask_at, asks, times_not_found, has_arrived))


def after_silence(payment: Payment, now: datetime) -> Payment:
    """The payment after a query without an answer: due again within a minute, until silence has lasted too long."""
    follow_up = payment.follow_up
    since = follow_up.silent_since or now
    if now - since >= WHOLE_PLAN:
        asked = replace(payment, follow_up=replace(follow_up, asks=max(follow_up.asks, len(BACK_OFF))))
        return after_refund_query(asked, now, denied=False) if payment.awaits_refund else after_query(asked, now)
    ask_at = now + _jittered(UNANSWERED_WAIT, f"{payment.id}:{now.isoformat()}")
    due_at = now if payment.has_unpublished else ask_at
    return replace(payment, follow_up=replace(follow_up, due_at=due_at, ask_at=ask_at, silent_since=since))


def after_refund_query(payment: Payment, now: datetime, *, denied: bool) -> Payment:
    """The payment with a refund in doubt after one more query. `denied`: the gateway states that there is no refund.

    The refund never arrived only after two denials, the last one an hour after the request: the status API may lag. A
    refund that did arrive may be made days later. So the queries never end while money may be on its way back; after a
    day `refund_unresolved` also calls a person.
    """
    follow_up, attempt = payment.follow_up, payment.refund_attempt
    asks, denials = follow_up.asks + 1, follow_up.not_found + denied
    may_be_on_its_way = attempt is not None and (attempt.arrived or now - attempt.requested_at < NEVER_ARRIVED_AFTER)
    if denied and denials >= NEVER_ARRIVED_ASKS and not may_be_on_its_way:
        failure = Failure("never_arrived", "the gateway knows of no refund: the money was not sent back")
        evidence = {"not_refunded": denials, "asks": asks}
        return refunds.failed(payment, failure, at=now, source="status", evidence=evidence)
    ask_at = now + _jittered(BACK_OFF[min(asks, len(BACK_OFF)) - 1], f"{payment.id}:{asks}")
    due_at = now if payment.has_unpublished else ask_at
    return replace(payment, follow_up=FollowUp(due_at, ask_at, asks, denials, arrived=True))


def _never_arrived(payment: Payment, now: datetime, times_not_found: int) -> bool:
    long_ago = now - payment.created_at >= NEVER_ARRIVED_AFTER
    return payment.status is Status.PROCESSING and times_not_found >= NEVER_ARRIVED_ASKS and long_ago


def _jittered(wait: timedelta, seed: str) -> timedelta:
    """Up to a fifth longer. The seed decides, not chance: queries spread out, and a test can predict the second."""
    return wait * (1 + hashlib.sha256(seed.encode()).digest()[0] / 1280)
