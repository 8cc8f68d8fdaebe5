"""The schedule of a follow-up: the time of the next query, and the end of all queries. Pure."""

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from payments.model import refund as refunds
from payments.model.follow_up import FollowUp
from payments.model.history import UNRESOLVED, Failure
from payments.model.payment import Payment
from payments.model.status import Status

BACK_OFF: Final = tuple(timedelta(seconds=s) for s in (60, 300, 900, 3600, 21600, 86400))
"""Waits between queries. Most verdicts come within minutes; after a day only a person learns more from the gateway."""

UNANSWERED_WAIT: Final = timedelta(seconds=30)
"""From the start of a query without an answer to the next one. A run may begin its last unanswered query after 16 s and
ends it after 24 s: with the jitter the payment is due again before the next run begins, a minute after the first. An
outage says nothing about the payment, so it uses up no part of the plan. It costs little, because a run stops after a
few unanswered queries."""

LONGEST_JITTER: Final = 0.2

PLAN_ENDS_AFTER: Final = sum(BACK_OFF, timedelta()) * (1 + LONGEST_JITTER)
"""After the first query without a verdict, 38 hours: the longest time that the plan takes without an outage. Outages do
not lengthen it, so within two days a payment has a verdict or is a person's, as the alarm on old payments expects."""

CONFIRMED_ASKS: Final = 3
"""A webhook may be ahead of the status API. If a webhook contradicts a verdict, the verdict stands once the status API
has confirmed it in this many queries."""

NEVER_ARRIVED_AFTER: Final = timedelta(hours=1)
NEVER_ARRIVED_ASKS: Final = 2
"""The status API may lag. "Not found" means "never arrived" only the second time, and an hour after the intent."""


def after_query(
    payment: Payment, now: datetime, *, not_found: bool = False, arrived: bool = False, confirms: bool = False
) -> Payment:
    """The payment after one more query without a verdict.

    `not_found`: the gateway does not know the payment. `arrived`: it does; `confirms`: and has the same verdict.
    Neither: the query got no answer and the plan is over, or no query is possible.
    """
    follow_up = payment.follow_up
    since = follow_up.asked_since or now
    asks, times_not_found = follow_up.asks + 1, follow_up.not_found + not_found
    has_arrived = follow_up.arrived or arrived
    over = asks > len(BACK_OFF) or _is_over(follow_up, now)
    # At the end of the plan the webhook that contradicted the verdict is too old for a lag.
    confirmed = not payment.is_open and ((arrived and asks >= CONFIRMED_ASKS) or (confirms and over))
    exhausted = over and payment.status in (Status.NEEDS_REVIEW, Status.SUCCEEDED)
    if confirmed or exhausted:
        return _scheduled(payment, FollowUp(None, None, asks, times_not_found, has_arrived), now)
    # A query without an answer proves nothing, and an earlier "not found" may have been out of date.
    if not_found and not has_arrived and _never_arrived(payment, now, times_not_found):
        failure = Failure("never_arrived", "the gateway has no record of this payment: nothing was charged")
        evidence = {"not_found": times_not_found, "asks": asks}
        return payment.transition_to(Status.FAILED, at=now, source="status", evidence=evidence, failure=failure)
    if over:
        failure = Failure(UNRESOLVED, "the gateway gave no verdict within a day and a half")
        evidence = {"not_found": times_not_found, "asks": asks}
        return payment.transition_to(Status.NEEDS_REVIEW, at=now, source="status", evidence=evidence, failure=failure)
    ask_at = min(now + _jittered(BACK_OFF[asks - 1], f"{payment.id}:{asks}"), since + PLAN_ENDS_AFTER)
    scheduled = FollowUp(ask_at, ask_at, asks, times_not_found, has_arrived, asked_since=since)
    return _scheduled(payment, scheduled, now)


def after_silence(payment: Payment, asked_at: datetime, now: datetime) -> Payment:
    """The payment after a query without an answer, begun at `asked_at`: due again within a minute while the plan runs.

    When the plan is over, the query counts like an answered one. It is a payment's last, and a refund's next is a day
    later.
    """
    follow_up = payment.follow_up
    since = follow_up.asked_since or asked_at
    if _is_over(follow_up, now) or follow_up.asks > len(BACK_OFF):
        return after_refund_query(payment, now, denied=False) if payment.awaits_refund else after_query(payment, now)
    ask_at = asked_at + _jittered(UNANSWERED_WAIT, f"{payment.id}:{asked_at.isoformat()}")
    return _scheduled(payment, replace(follow_up, due_at=ask_at, ask_at=ask_at, asked_since=since), now)


def after_refund_query(payment: Payment, now: datetime, *, denied: bool) -> Payment:
    """The payment with a refund in doubt after one more query. `denied`: the gateway states that there is no refund.

    The refund never arrived only after two denials, the last one an hour after the request: the status API may lag. A
    refund that did arrive may be made days later. So the queries never end while money may be on its way back; after a
    day `refund_unresolved` also calls a person.
    """
    follow_up, attempt = payment.follow_up, payment.refund_attempt
    since, over = follow_up.asked_since or now, _is_over(follow_up, now)
    asks, denials = follow_up.asks + 1, follow_up.not_found + denied
    asks = max(asks, len(BACK_OFF) + 1) if over else asks
    may_be_on_its_way = attempt is not None and (attempt.arrived or now - attempt.requested_at < NEVER_ARRIVED_AFTER)
    if denied and denials >= NEVER_ARRIVED_ASKS and not may_be_on_its_way:
        failure = Failure(refunds.NEVER_ARRIVED, "the gateway knows of no refund: the money was not sent back")
        evidence = {"not_refunded": denials, "asks": asks}
        return refunds.failed(payment, failure, at=now, source="status", evidence=evidence)
    ask_at = now + _jittered(BACK_OFF[min(asks, len(BACK_OFF)) - 1], f"{payment.id}:{asks}")
    return _scheduled(payment, FollowUp(ask_at, ask_at, asks, denials, arrived=True, asked_since=since), now)


def after_unsent_refund(payment: Payment, now: datetime, *, hopeless: bool) -> Payment:
    """The payment with a refund that is owed and was not sent: due again, the more attempts it had the later.

    Without an attempt on record it is due within a minute: nothing is written while the gateway is out of reach.
    `hopeless`: only a person can refund it; it is due once a day.
    """
    tries = len(BACK_OFF) if hopeless else min(refunds.requests_made(payment), len(BACK_OFF))
    ask_at = now + _jittered(BACK_OFF[tries - 1] if tries else UNANSWERED_WAIT, f"{payment.id}:{now.isoformat()}")
    return _scheduled(payment, replace(payment.follow_up, due_at=ask_at, ask_at=ask_at), now)


def _scheduled(payment: Payment, follow_up: FollowUp, now: datetime) -> Payment:
    """The payment with this schedule. Unpublished entries never delay a query, nor a late query their publication."""
    return replace(payment, follow_up=follow_up.publishing(now) if payment.has_unpublished else follow_up)


def _is_over(follow_up: FollowUp, now: datetime) -> bool:
    return follow_up.asked_since is not None and now - follow_up.asked_since >= PLAN_ENDS_AFTER


def _never_arrived(payment: Payment, now: datetime, times_not_found: int) -> bool:
    long_ago = now - payment.created_at >= NEVER_ARRIVED_AFTER
    return payment.status is Status.PROCESSING and times_not_found >= NEVER_ARRIVED_ASKS and long_ago


def _jittered(wait: timedelta, seed: str) -> timedelta:
    """Up to a fifth longer. The seed decides, not chance: queries spread out, and a test can predict the second."""
    return wait * (1 + LONGEST_JITTER * hashlib.sha256(seed.encode()).digest()[0] / 256)
