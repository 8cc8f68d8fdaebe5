"""Taking a notification: the gateway's webhook, verified by the door, is confirmed, settled and published."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from payments.events.outbox import Bus, publish
from payments.model.gateway_transaction import Report
from payments.model.payment import Payment
from payments.outcome.record import rewrite, settle
from payments.outcome.status_query import ask
from payments.ports.gateway import Gateway, GatewayError
from payments.ports.ledger import FollowUpLedger
from payments.ports.runtime import Clock, Telemetry

CONFIRM_SECONDS: Final = 10.0
"""The longest the status API is waited for while the gateway waits for us; reconcile asks again at leisure."""


class Outcome(Enum):
    """What became of a notification."""

    SETTLED = "settled"  # what the gateway says is in the ledger
    DEFERRED = "deferred"  # the gateway could not be asked: reconcile will, at once


@dataclass(frozen=True, slots=True)
class Notifications:
    """The use case with what it needs. `confirm`: settle what the status API says, not what the webhook says."""

    ledger: FollowUpLedger
    gateway: Gateway
    bus: Bus
    clock: Clock
    telemetry: Telemetry
    confirm: bool

    def take(self, payment: Payment, claimed: Report) -> Outcome:
        """Settles a verified webhook. Duplicates, replays and late ones change nothing and publish what is left."""
        self.telemetry.about(payment.id, payment.order_id, payment.transaction_id)
        if not self.confirm:
            settled = settle(payment, claimed, "webhook", self.ledger, self.clock, self.telemetry)
            publish(settled, self.ledger, self.bus, self.telemetry)
            return Outcome.SETTLED
        try:
            report = ask(self.gateway, payment, CONFIRM_SECONDS)
        except GatewayError as error:
            self.telemetry.note("webhook_unconfirmed", payment_id=payment.id, error=type(error).__name__)
            return self.ask_soon(payment)
        settled = settle(payment, report, "status", self.ledger, self.clock, self.telemetry)
        if report.verdict is not claimed.verdict:
            self.telemetry.note("webhook_contradicts_status", payment_id=payment.id)
            settled = self._hastened(settled)
        publish(settled, self.ledger, self.bus, self.telemetry)
        return Outcome.SETTLED

    def ask_soon(self, payment: Payment) -> Outcome:
        """Leaves the question to reconcile, due at once."""
        self._hastened(payment)
        return Outcome.DEFERRED

    def _hastened(self, payment: Payment) -> Payment:
        """The status may lag behind the webhook: an open payment is asked about again at the next minute."""
        # Only the gateway can have learnt the token: whatever the webhook says, the payment did arrive there.
        return rewrite(
            payment, lambda current: current.asked_again(self.clock(), arrived=True), self.ledger, self.telemetry
        )
