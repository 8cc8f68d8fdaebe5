"""A payment that waits for its shopper: the gateway is asked about it before it gives its order away."""

from dataclasses import dataclass

from payments.errors import SecretUnusable
from payments.model.integrity import mismatched_fields
from payments.model.payment import Payment
from payments.model.status import Status
from payments.model.supersession import waits_for_shopper
from payments.outcome.record import record
from payments.outcome.status_query import ASK_SECONDS, ask
from payments.ports.gateway import Gateway, GatewayError, UnknownToGateway
from payments.ports.ledger import OutcomeLedger
from payments.ports.runtime import Clock, Telemetry


@dataclass(frozen=True, slots=True)
class Asked:
    """A payment after a status query. `waits`: the gateway itself says that it waits for its shopper."""

    payment: Payment
    waits: bool

    @property
    def is_unclear(self) -> bool:
        """Whether it waits by our record alone: the gateway may be about to charge, or money has moved."""
        return waits_for_shopper(self.payment) and not self.waits


def queried(
    payment: Payment, gateway: Gateway, ledger: OutcomeLedger, clock: Clock, telemetry: Telemetry
) -> Asked | None:
    """The payment after a status query, because its webhook may be lost: the shopper may have paid, and not left.

    None: the gateway does not answer. "Not found" is unclear: it has shown the page before.
    """
    try:
        transaction = ask(gateway, payment, ASK_SECONDS)
    except UnknownToGateway:
        return Asked(payment, waits=False)
    except (GatewayError, SecretUnusable) as error:
        telemetry.note("status_unanswered", payment_id=payment.id, error=type(error).__name__)
        return None
    waits = transaction.verdict is Status.REQUIRES_ACTION and not mismatched_fields(payment, transaction)
    return Asked(record(payment, transaction, "status", ledger, clock, telemetry), waits)
