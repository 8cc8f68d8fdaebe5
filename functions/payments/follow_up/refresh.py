"""Refreshes a payment at once, for a caller that cannot wait for the webhook or the follow-up."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from payments.model.payment import Payment
from payments.outcome.record import record
from payments.outcome.status_query import ask
from payments.ports.gateway import Gateway, GatewayError
from payments.ports.ledger import OutcomeLedger
from payments.ports.runtime import Clock, Telemetry

AT_MOST_EVERY: Final = timedelta(seconds=5)
"""Shortest time between two queries for one payment. A caller may poll faster; the gateway gets no more than this."""

REFRESH_SECONDS: Final = 8.0
"""Longest wait of a caller for the gateway."""


class RefreshLedger(OutcomeLedger, Protocol):
    """The part of the table that a refresh needs."""

    def note_refresh(self, payment_id: str, now: datetime, not_since: datetime) -> bool:
        """Records a refresh at `now` in one conditional write; False if there was one after `not_since`."""


@dataclass(frozen=True, slots=True)
class Refreshing:
    """The use case with its dependencies."""

    ledger: RefreshLedger
    gateway: Gateway
    clock: Clock
    telemetry: Telemetry

    def refresh(self, payment: Payment, principal: str | None) -> Payment:
        """The payment after a status query; unchanged if the last one is too recent or the gateway does not answer.

        `principal`: the AWS principal that made the request.
        """
        self.telemetry.about(payment.id, payment.order_id, payment.transaction_id)
        now = self.clock()
        if not self.ledger.note_refresh(payment.id, now, now - AT_MOST_EVERY):
            return payment
        try:
            transaction = ask(self.gateway, payment, REFRESH_SECONDS)
        except GatewayError as error:
            self.telemetry.note("status_unanswered", payment_id=payment.id, error=type(error).__name__)
            return payment
        return record(payment, transaction, "status", self.ledger, self.clock, self.telemetry, principal)
