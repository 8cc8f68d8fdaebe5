"""Following up: finishes what was left unfinished. Asks the gateway, settles, publishes, or asks again later."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from payments.errors import SecretUnusable
from payments.events.outbox import Bus, publish
from payments.follow_up.schedule import BACK_OFF, refund_unanswered, unanswered
from payments.model.integrity import denies_refund
from payments.model.payment import Payment
from payments.outcome.record import record, update
from payments.outcome.status_query import ASK_SECONDS, ask
from payments.ports.gateway import Gateway, GatewayError, UnknownToGateway
from payments.ports.ledger import Due, FollowUpLedger, Released
from payments.ports.runtime import Clock, Telemetry

LEASE: Final = timedelta(seconds=90)
"""How long one run keeps a payment to itself: longer than a function may run, so two runs never do the same work."""


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
            transaction = ask(self.gateway, payment, ASK_SECONDS)
        except UnknownToGateway:
            return Asked(self._write(payment, not_found=True), answered=True)
        except SecretUnusable:
            return Asked(payment, answered=False)  # our own fault, and no question: its lease brings it back
        except GatewayError as error:
            self.telemetry.note("status_unanswered", payment_id=payment.id, error=type(error).__name__)
            return Asked(self._write(payment), answered=False)
        settled = record(payment, transaction, "status", self.ledger, self.clock, self.telemetry)
        if settled.version == payment.version:
            settled = self._write(settled, arrived=True, denied=denies_refund(settled, transaction))
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

        written = update(payment, change, self.ledger, self.telemetry)
        if written.awaits_refund and written.follow_up.asks > len(BACK_OFF):
            self.telemetry.note("refund_unresolved", payment_id=written.id, asks=written.follow_up.asks)
        return written
