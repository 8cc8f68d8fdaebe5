"""Finishes one payment: queries the gateway, records the outcome and publishes it, or schedules the next query."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from payments.errors import GatewayUnreachable, NothingSent, SecretUnusable
from payments.events.outbox import Bus, publish
from payments.follow_up.schedule import BACK_OFF, after_query, after_refund_query, after_silence, after_unsent_refund
from payments.model.integrity import denies_refund
from payments.model.payment import Payment
from payments.model.supersession import owes_refund
from payments.outcome.record import record, update
from payments.outcome.status_query import ASK_SECONDS, ask
from payments.ports.gateway import Gateway, GatewayError, UnknownToGateway
from payments.ports.ledger import Due, FollowUpLedger, Released
from payments.ports.runtime import Clock, Telemetry

LEASE: Final = timedelta(seconds=90)
"""How long one run has a payment to itself. Longer than a function may run, so no two runs do the same work."""


@dataclass(frozen=True, slots=True)
class QueryResult:
    """The payment after a status query; None when its claim was released. `answered`: the gateway gave an answer.

    `was_asked`: False if no question was possible or needed: the payment is of the other mode, there are no keys, or
    nothing is owed. That says nothing about the gateway. `has_keys`: False if there are none, so that no payment can
    be asked about.
    """

    payment: Payment | None
    answered: bool
    was_asked: bool = True
    has_keys: bool = True


class LateRefunds(Protocol):
    """Refunds payments that were superseded and succeeded late."""

    def is_owed(self, payment: Payment) -> bool:
        """Whether the order has another payment, or was cancelled: without that the money is kept."""

    def refund(self, payment: Payment, seconds: float) -> Payment:
        """The payment after its refund, sent at most once. Raises NothingSent and SecretUnusable."""


@dataclass(frozen=True, slots=True)
class PaymentFinisher:
    """The use case with its dependencies."""

    ledger: FollowUpLedger
    gateway: Gateway
    bus: Bus
    clock: Clock
    telemetry: Telemetry
    late_refunds: LateRefunds

    def lease(self, due: Due) -> Payment | None:
        """Leases a due payment and publishes its events, which must not wait for a query; None if not leased."""
        self.telemetry.about(due.payment_id)
        until = self.clock() + LEASE
        payment = self.ledger.lease(due, until)
        if payment is None:
            return None
        self.telemetry.about(payment.id, payment.order_id, payment.transaction_id)
        if not self.is_query_due(payment):
            publish(payment, self.ledger, self.bus, self.telemetry)
            if not payment.has_unpublished:
                self.ledger.advance(payment, payment.published)  # nothing was due after all: ends the lease
            return payment
        # `advance` makes the payment due at `ask_at`. In this copy `ask_at` is the end of the lease, so publishing does
        # not end the lease early. The copy is not returned: the next write reads the publish cursor from the table.
        leased = replace(payment, follow_up=replace(payment.follow_up, ask_at=until))
        publish(leased, self.ledger, self.bus, self.telemetry)
        return payment

    def ask(self, payment: Payment) -> QueryResult:
        """Queries the gateway about a leased payment and records the outcome. Publishing it is another step."""
        self.telemetry.about(payment.id, payment.order_id, payment.transaction_id)
        try:
            return self._queried(payment)
        except Released:
            return QueryResult(None, answered=True)

    def publish(self, payment: Payment) -> None:
        """Publishes what a query has recorded."""
        self.telemetry.about(payment.id, payment.order_id, payment.transaction_id)
        publish(payment, self.ledger, self.bus, self.telemetry)

    def _queried(self, payment: Payment) -> QueryResult:
        if owes_refund(payment):
            return self._refunded(payment)
        asked_at = self.clock()
        try:
            transaction = ask(self.gateway, payment, ASK_SECONDS)
        except UnknownToGateway:
            return QueryResult(self._reschedule(payment, asked_at, not_found=True), answered=True)
        except SecretUnusable:
            return _without_keys(payment)
        except GatewayError as error:
            self.telemetry.note("status_unanswered", payment_id=payment.id, error=type(error).__name__)
            # No query is possible for a payment of the other mode: minutely tries would only keep the run busy.
            silent = payment.live == self.gateway.live
            return QueryResult(self._reschedule(payment, asked_at, silent=silent), answered=False, was_asked=silent)
        recorded = record(payment, transaction, "status", self.ledger, self.clock, self.telemetry)
        if recorded.version == payment.version:
            confirms = transaction.verdict is recorded.status
            denied = denies_refund(recorded, transaction)
            recorded = self._reschedule(recorded, asked_at, arrived=True, confirms=confirms, denied=denied)
        return QueryResult(recorded, answered=True)

    def _refunded(self, payment: Payment) -> QueryResult:
        """The payment after the refund that it owes; due again if nothing was sent."""
        if not self.late_refunds.is_owed(payment):
            return QueryResult(self._postpone(payment, hopeless=True), answered=True, was_asked=False)
        try:
            return QueryResult(self.late_refunds.refund(payment, ASK_SECONDS), answered=True)
        except SecretUnusable:
            return _without_keys(payment)
        except GatewayUnreachable:
            return QueryResult(self._postpone(payment, hopeless=False), answered=False)
        except NothingSent:
            current = self.ledger.get(payment.id)  # another refund may have been faster
            # One of the other mode waits until the stack is switched back.
            if current is not None and owes_refund(current) and payment.live == self.gateway.live:
                self.telemetry.note("late_refund_failed", payment_id=payment.id)
            return QueryResult(self._postpone(payment, hopeless=True), answered=True, was_asked=False)

    def _postpone(self, payment: Payment, *, hopeless: bool) -> Payment:
        """Writes when the refund is tried again; nothing if another process has made or scheduled it meanwhile."""
        now = self.clock()

        def change(current: Payment) -> Payment:
            is_due = current.follow_up.ask_at is not None and current.follow_up.ask_at <= now
            return after_unsent_refund(current, now, hopeless=hopeless) if is_due and owes_refund(current) else current

        return update(payment, change, self.ledger, self.telemetry)

    def is_query_due(self, payment: Payment) -> bool:
        """Whether the gateway is to be queried about the payment now."""
        ask_at = payment.follow_up.ask_at
        return ask_at is not None and ask_at <= self.clock()

    def _reschedule(
        self,
        payment: Payment,
        asked_at: datetime,
        *,
        not_found: bool = False,
        arrived: bool = False,
        confirms: bool = False,
        denied: bool = False,
        silent: bool = False,
    ) -> Payment:
        """Writes the schedule after a query without news; nothing if another process changed the payment meanwhile.

        `asked_at`: the start of the query. Its answer is as old as that: "not found" of the first hour, in which the
        status API may lag, stays so, however long the query takes. `silent`: it got no answer, and one is possible.
        """
        queried = (payment.version, payment.follow_up.ask_at)

        def change(current: Payment) -> Payment:
            if (current.version, current.follow_up.ask_at) != queried:
                return current  # it has news, or an earlier query
            if silent:
                return after_silence(current, asked_at, self.clock())
            if current.awaits_refund:
                return after_refund_query(current, asked_at, denied=denied)
            return after_query(current, asked_at, not_found=not_found, arrived=arrived, confirms=confirms)

        written = update(payment, change, self.ledger, self.telemetry)
        if written.awaits_refund and written.follow_up.asks > len(BACK_OFF):
            self.telemetry.note("refund_unresolved", payment_id=written.id, asks=written.follow_up.asks)
        return written


def _without_keys(payment: Payment) -> QueryResult:
    """Our own fault, and no query was made: the payment is due again after its lease."""
    return QueryResult(payment, answered=False, was_asked=False, has_keys=False)
