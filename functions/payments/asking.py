"""Asking: what the gateway says of one payment, asked only of the gateway that it was sent to."""

from dataclasses import replace

from payments.adopting import is_adopted
from payments.errors import NotSent
from payments.payment import Payment
from payments.ports import Gateway
from payments.reports import Report


def ask(gateway: Gateway, payment: Payment, seconds: float) -> Report:
    """Asks by the id the payment was sent under, within `seconds`. Raises the gateway's errors.

    A payment of the other mode was never sent there, and "not found" would be no evidence: it is not asked about.
    """
    if payment.live != gateway.live:
        raise NotSent("not asked: the payment is of the other mode")
    if is_adopted(payment) and payment.transaction_id:
        # It was not sent under an order id of ours, so the one that comes back compares with nothing.
        return replace(gateway.status(payment.transaction_id, seconds), order_id=None)
    return gateway.status(payment.wire_order_id, seconds)
