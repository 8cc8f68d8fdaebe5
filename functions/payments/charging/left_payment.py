"""A payment that its shopper has left: the gateway is asked about it before it gives its order away."""

from payments.charging.claim import OrderTaken
from payments.errors import SecretUnusable
from payments.model.payment import Payment
from payments.outcome.record import record
from payments.outcome.status_query import ASK_SECONDS, ask
from payments.ports.gateway import Gateway, GatewayError, UnknownToGateway
from payments.ports.ledger import OutcomeLedger
from payments.ports.runtime import Clock, Telemetry


def queried(left: Payment, gateway: Gateway, ledger: OutcomeLedger, clock: Clock, telemetry: Telemetry) -> Payment:
    """The payment after a status query, because its webhook may be lost: the shopper may have paid, and not left.

    Raises OrderTaken if the gateway does not answer: an order is not given away on a guess.
    """
    try:
        transaction = ask(gateway, left, ASK_SECONDS)
    except UnknownToGateway:
        return left
    except (GatewayError, SecretUnusable) as error:
        telemetry.note("status_unanswered", payment_id=left.id, error=type(error).__name__)
        raise OrderTaken(left) from None
    return record(left, transaction, "status", ledger, clock, telemetry)
