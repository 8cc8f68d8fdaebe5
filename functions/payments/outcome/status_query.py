"""The status query: asks the gateway for its present view of one payment."""

from typing import Final

from payments.model.gateway_transaction import GatewayTransaction
from payments.model.payment import Payment
from payments.ports.gateway import Gateway, NotSent

ASK_SECONDS: Final = 8.0
"""The most time that one status query may take."""

MAX_UNANSWERED: Final = 3
"""After so many unanswered queries in a row a run stops querying. Each one may take `ASK_SECONDS`: three of them show
that the gateway is down, and the rest of the run keeps its time for work that needs no gateway."""


def ask(gateway: Gateway, payment: Payment, seconds: float) -> GatewayTransaction:
    """The gateway's view of a payment, queried by the id it was sent under, within `seconds`. Raises GatewayError.

    Raises NotSent for a payment of the other mode (test or live): it was never sent to this gateway, so "not found"
    would be no evidence.
    """
    if payment.live != gateway.live:
        raise NotSent("not asked: the payment is of the other mode")
    name = payment.transaction_id if payment.is_adopted else None
    return gateway.status(name or payment.wire_order_id, seconds)
