"""Refreshing: asks the gateway at once, for a caller who cannot wait for the webhook or for the follow-up."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from payments.model.payment import Payment
from payments.outcome.record import OutcomeLedger, record
from payments.outcome.status_query import ask
from payments.ports.gateway import Gateway, GatewayError
from payments.ports.runtime import Clock, Telemetry

AT_MOST_EVERY: Final = timedelta(seconds=5)
"""A caller may poll as fast as he likes; the gateway hears of it this often for one payment."""

REFRESH_SECONDS: Final = 8.0
"""The longest a caller waits for the gateway."""


class RefreshLedger(OutcomeLedger, Protocol):
    """All that refreshing needs of the table."""

    def note_refresh(self, payment_id: str, now: datetime, not_since: datetime) -> bool:
        """Notes that the gateway is asked now, unless it was after `not_since`; one conditional write."""


@dataclass(frozen=True, slots=True)
class Refreshing:
    """The use case with what it needs."""

    ledger: RefreshLedger
    gateway: Gateway
    clock: Clock
    telemetry: Telemetry

    def refresh(self, payment: Payment) -> Payment:
        """The payment after what the gateway says now; as it stood when it cannot be asked, or was a moment ago."""
        self.telemetry.about(payment.id, payment.order_id, payment.transaction_id)
        now = self.clock()
        if not self.ledger.note_refresh(payment.id, now, now - AT_MOST_EVERY):
            return payment
        try:
            transaction = ask(self.gateway, payment, REFRESH_SECONDS)
        except GatewayError as error:
            self.telemetry.note("status_unanswered", payment_id=payment.id, error=type(error).__name__)
            return payment
        return record(payment, transaction, "status", self.ledger, self.clock, self.telemetry)
