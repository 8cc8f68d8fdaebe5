"""Asking: what the gateway says of one payment, asked only of the gateway that it was sent to."""

from typing import Final

from payments.model.gateway_transaction import GatewayTransaction
from payments.model.payment import Payment
from payments.ports.gateway import Gateway, NotSent

ASK_SECONDS: Final = 8.0
"""The longest that one question to the gateway may take."""

MAX_UNANSWERED: Final = 3
"""Questions in a row without an answer after which a run asks no more. Each one may cost `ASK_SECONDS`: three of them
show that the gateway is down, and leave the rest of the run its time for the work that needs no gateway."""


def ask(gateway: Gateway, payment: Payment, seconds: float) -> GatewayTransaction:
    """Asks by the id the payment was sent under, within `seconds`. Raises the gateway's errors.

    A payment of the other mode was never sent there, and "not found" would be no evidence: it is not asked about.
    """
    if payment.live != gateway.live:
        raise NotSent("not asked: the payment is of the other mode")
    name = payment.transaction_id if payment.is_adopted else None
    return gateway.status(name or payment.wire_order_id, seconds)
