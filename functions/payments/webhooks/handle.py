"""Taking a notification: the gateway's webhook, verified by the door, is confirmed, settled and published."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from payments.events.outbox import Bus, publish
from payments.model.gateway_transaction import GatewayTransaction
from payments.model.payment import Payment
from payments.outcome.record import record, update
from payments.outcome.status_query import ask
from payments.ports.gateway import Gateway, GatewayError
from payments.ports.ledger import FollowUpLedger
from payments.ports.runtime import Clock, Telemetry

CONFIRM_SECONDS: Final = 10.0
"""The longest the status API is waited for while the gateway waits for us; the follow-up asks again at leisure."""


class Outcome(Enum):
    """What became of a notification."""

    SETTLED = "settled"  # what the gateway says is in the ledger
    DEFERRED = "deferred"  # the gateway could not be asked: the follow-up will, at once


@dataclass(frozen=True, slots=True)
class WebhookHandler:
    """The use case with what it needs. `confirm`: settle what the status API says, not what the webhook says."""

    ledger: FollowUpLedger
    gateway: Gateway
    bus: Bus
    clock: Clock
    telemetry: Telemetry
    confirm: bool

    def take(self, payment: Payment, claimed: GatewayTransaction) -> Outcome:
        """Settles a verified webhook. Duplicates, replays and late ones change nothing and publish what is left."""
        self.telemetry.about(payment.id, payment.order_id, payment.transaction_id)
        if not self.confirm:
            settled = record(payment, claimed, "webhook", self.ledger, self.clock, self.telemetry)
            publish(settled, self.ledger, self.bus, self.telemetry)
            return Outcome.SETTLED
        try:
            transaction = ask(self.gateway, payment, CONFIRM_SECONDS)
        except GatewayError as error:
            self.telemetry.note("webhook_unconfirmed", payment_id=payment.id, error=type(error).__name__)
            return self.ask_soon(payment)
        settled = record(payment, transaction, "status", self.ledger, self.clock, self.telemetry)
        if transaction.verdict is not claimed.verdict:
            self.telemetry.note("webhook_contradicts_status", payment_id=payment.id)
            settled = self._hastened(settled)
        publish(settled, self.ledger, self.bus, self.telemetry)
        return Outcome.SETTLED

    def ask_soon(self, payment: Payment) -> Outcome:
        """Leaves the question to the follow-up, due at once."""
        self._hastened(payment)
        return Outcome.DEFERRED

    def _hastened(self, payment: Payment) -> Payment:
        """The status may lag behind the webhook: an open payment is asked about again at the next minute."""
        # Only the gateway can have learnt the token: whatever the webhook says, the payment did arrive there.
        return update(
            payment, lambda current: current.asked_again(self.clock(), arrived=True), self.ledger, self.telemetry
        )
