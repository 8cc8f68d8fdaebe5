"""Refunds a superseded payment that succeeded late, under keys that no shop can send."""

from dataclasses import dataclass
from typing import Final

from payments.model.payment import Payment
from payments.model.refund import requests_made
from payments.model.supersession import successor_of
from payments.ports.ledger import OrderReader
from payments.refunding.refund import Refunding
from payments.refunding.request import RefundRequest

REASON: Final = "The order was paid in another way, or cancelled."


@dataclass(frozen=True, slots=True)
class LateRefunding:
    """The use case with its dependencies."""

    refunding: Refunding
    orders: OrderReader

    def is_owed(self, payment: Payment) -> bool:
        """Whether the payment was cancelled, or its order has another payment after it.

        A payment that took the order and was never sent is released. Then the superseded one is the only one, and its
        money is kept.
        """
        if payment.order_id is None or successor_of(payment) is None:
            return True
        order = self.orders.order(payment.order_id, live=payment.live)
        return order is not None and order.attempts[-1] != payment.id

    def refund(self, payment: Payment, seconds: float) -> Payment:
        """The payment after its refund. The gateway gets `seconds` to answer.

        Each attempt has a key of its own: another one is made only after evidence that nothing was sent back. Raises
        NotRefundable, GatewayUnreachable, SecretUnusable; nothing was sent in any of them.
        """
        # No Idempotency-Key of a request has a space in it.
        key = f"late success {requests_made(payment) + 1}"
        request = RefundRequest(caller=None, idempotency_key=key, reason=REASON, only_if_owed=True)
        return self.refunding.refund(payment, request, seconds).payment
