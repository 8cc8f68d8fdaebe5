"""A payment that waits for its shopper: the gateway is asked about it before it gives its order away."""

from payments.errors import SecretUnusable
from payments.model.payment import Payment
from payments.outcome.record import record
from payments.outcome.status_query import ASK_SECONDS, ask
from payments.ports.gateway import Gateway, GatewayError, UnknownToGateway
from payments.ports.ledger import OutcomeLedger
from payments.ports.runtime import Clock, Telemetry


def queried(
    payment: Payment, gateway: Gateway, ledger: OutcomeLedger, clock: Clock, telemetry: Telemetry
) -> Payment | None:
    """The payment after a status query, because its webhook may be lost: the shopper may have paid, and not left.

    None: the gateway does not answer.
    """
    try:
        transaction = ask(gateway, payment, ASK_SECONDS)
    except UnknownToGateway:
        return payment
    except (GatewayError, SecretUnusable) as error:
        telemetry.note("status_unanswered", payment_id=payment.id, error=type(error).__name__)
        return None
    return record(payment, transaction, "status", ledger, clock, telemetry)
