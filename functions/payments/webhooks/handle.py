"""Handles a webhook of the gateway: confirms it at the status API, records the outcome and publishes its events.

The door has verified token and signature before.
"""

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
"""Longest wait for the status API. The gateway waits for our answer meanwhile; the follow-up can ask again later."""


class Outcome(Enum):
    """The result of handling a webhook."""

    RECORDED = "recorded"  # the ledger holds the gateway's current status
    DEFERRED = "deferred"  # the gateway gave no status: the next run of the follow-up queries it


@dataclass(frozen=True, slots=True)
class WebhookHandler:
    """The use case with its dependencies. `confirm`: record the status API's answer instead of the webhook's body."""

    ledger: FollowUpLedger
    gateway: Gateway
    bus: Bus
    clock: Clock
    telemetry: Telemetry
    confirm: bool

    def handle(self, payment: Payment, claimed: GatewayTransaction) -> Outcome:
        """Records the outcome and publishes. `claimed`: the transaction as the webhook describes it.

        Duplicates, replays and late webhooks change no payment; they publish events that are still unpublished, unless
        the relay is about to.
        """
        self.telemetry.about(payment.id, payment.order_id, payment.transaction_id)
        if not self.confirm:
            recorded = record(payment, claimed, "webhook", self.ledger, self.clock, self.telemetry)
            self._publish(recorded)
            return Outcome.RECORDED
        try:
            transaction = ask(self.gateway, payment, CONFIRM_SECONDS)
        except GatewayError as error:
            self.telemetry.note("webhook_unconfirmed", payment_id=payment.id, error=type(error).__name__)
            return self.defer(payment)
        recorded = record(payment, transaction, "status", self.ledger, self.clock, self.telemetry)
        if transaction.verdict is not claimed.verdict:
            self.telemetry.note("webhook_contradicts_status", payment_id=payment.id)
            recorded = self._query_now(recorded)  # the status API may lag behind the webhook
        self._publish(recorded)
        return Outcome.RECORDED

    def defer(self, payment: Payment) -> Outcome:
        """Leaves the status query to the next run of the follow-up."""
        self._query_now(payment)
        return Outcome.DEFERRED

    def _publish(self, payment: Payment) -> None:
        if payment.follow_up.announcer != "relay":
            publish(payment, self.ledger, self.bus, self.telemetry)

    def _query_now(self, payment: Payment) -> Payment:
        """Makes a status query due now. A succeeded payment that awaits no refund stays as it is."""
        # Only the gateway knows the token. So a webhook, true or not, proves that the payment arrived there.
        return update(
            payment, lambda current: current.asked_again(self.clock(), arrived=True), self.ledger, self.telemetry
        )
