"""Following up: finishes what was left unfinished. Asks the gateway, settles, publishes, or asks again later."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from payments import refunds
from payments.asking import ASK_SECONDS, ask
from payments.errors import GatewayError, Released, SecretUnusable, UnknownToGateway
from payments.history import Failure
from payments.payment import Payment
from payments.plans import FollowUp
from payments.ports import Bus, Clock, Due, FollowUpLedger, Gateway, Telemetry
from payments.publishing import publish
from payments.reports import denies_refund
from payments.settling import rewrite, settle
from payments.statuses import Status

BACK_OFF: Final = tuple(timedelta(seconds=s) for s in (60, 300, 900, 3600, 21600, 86400))
"""Waits between questions. Most answers are minutes away; past a day only a human knows more than the gateway."""

LEASE: Final = timedelta(seconds=90)
"""How long one run keeps a payment to itself: longer than a function may run, so two runs never do the same work."""

CONFIRMED_ASKS: Final = 3
"""A webhook may be ahead of the status API: a verdict that it contradicts stands once it is confirmed this often."""

NEVER_ARRIVED_AFTER: Final = timedelta(hours=1)
NEVER_ARRIVED_ASKS: Final = 2
"""Not found means "never arrived" only from the second time on, an hour after the intent: lists may lag."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The payment after a question, None when its claim was taken back; and whether the gateway answered at all."""

    payment: Payment | None
    answered: bool


@dataclass(frozen=True, slots=True)
class FollowUps:
    """The use case with what it needs."""

    ledger: FollowUpLedger
    gateway: Gateway
    bus: Bus
    clock: Clock
    telemetry: Telemetry

    def take(self, due: Due) -> Payment | None:
        """Takes a due payment and tells the bus what it has not heard, which no question may hold up."""
        self.telemetry.about(due.payment_id)
        until = self.clock() + LEASE
        payment = self.ledger.lease(due, until)
        if payment is None:
            return None
        self.telemetry.about(payment.id, payment.order_id, payment.transaction_id)
        if not self.is_to_be_asked(payment):
            publish(payment, self.ledger, self.bus, self.telemetry)
            if not payment.has_unpublished:
                self.ledger.advance(payment, payment.published)  # nothing was due after all: gives the lease back
            return payment
        # Told first, and the lease goes on: what is written next finds out by itself how far the bus has got.
        held = replace(payment, follow_up=replace(payment.follow_up, ask_at=until))
        publish(held, self.ledger, self.bus, self.telemetry)
        return payment

    def ask(self, payment: Payment) -> Asked:
        """Asks the gateway about a payment that was taken, settles, and tells the bus."""
        self.telemetry.about(payment.id, payment.order_id, payment.transaction_id)
        try:
            asked = self._asked(payment)
        except Released:
            return Asked(None, answered=True)
        if asked.payment is not None:
            publish(asked.payment, self.ledger, self.bus, self.telemetry)
        return asked

    def _asked(self, payment: Payment) -> Asked:
        try:
            report = ask(self.gateway, payment, ASK_SECONDS)
        except UnknownToGateway:
            return Asked(self._write(payment, not_found=True), answered=True)
        except SecretUnusable:
            return Asked(payment, answered=False)  # our own fault, and no question: its lease brings it back
        except GatewayError as error:
            self.telemetry.note("status_unanswered", payment_id=payment.id, error=type(error).__name__)
            return Asked(self._write(payment), answered=False)
        settled = settle(payment, report, "status", self.ledger, self.clock, self.telemetry)
        if settled.version == payment.version:
            settled = self._write(settled, arrived=True, denied=denies_refund(settled, report))
        return Asked(settled, answered=True)

    def is_to_be_asked(self, payment: Payment) -> bool:
        """Whether a question about it is due."""
        ask_at = payment.follow_up.ask_at
        return ask_at is not None and ask_at <= self.clock()

    def _write(
        self, payment: Payment, *, not_found: bool = False, arrived: bool = False, denied: bool = False
    ) -> Payment:
        now = self.clock()
        seen = (payment.version, payment.follow_up.ask_at)

        def change(current: Payment) -> Payment:
            if (current.version, current.follow_up.ask_at) != seen:
                return current  # somebody knows more, or wants it asked sooner
            if current.awaits_refund:
                return refund_unanswered(current, now, denied=denied)
            return unanswered(current, now, not_found=not_found, arrived=arrived)

        written = rewrite(payment, change, self.ledger, self.telemetry)
        if written.awaits_refund and written.follow_up.asks > len(BACK_OFF):
            self.telemetry.note("refund_unresolved", payment_id=written.id, asks=written.follow_up.asks)
        return written


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
        return payment.moved(Status.FAILED, at=now, source="status", evidence=evidence, failure=failure)
    if asks > len(BACK_OFF):
        failure = Failure("unresolved", f"the gateway gave no verdict after {asks} questions")
        evidence = {"not_found": missing, "asks": asks}
        return payment.moved(Status.NEEDS_REVIEW, at=now, source="status", evidence=evidence, failure=failure)
    ask_at = now + _jittered(BACK_OFF[asks - 1], f"{payment.id}:{asks}")
    due_at = now if payment.has_unpublished else ask_at
    return replace(payment, follow_up=FollowUp(due_at, ask_at, asks, missing, known))


def refund_unanswered(payment: Payment, now: datetime, *, denied: bool) -> Payment:
    """A refund in doubt after one more question; `denied`: the gateway says in so many words that there is none.

    It never arrived only when that is said twice, the last time an hour after the request: the status may lag, too. One
    that did arrive may be made in the night, or next week. Money that may be on its way back is asked about for as long
    as it takes; past a day somebody is woken as well.
    """
    plan, request = payment.follow_up, payment.refund_request
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
