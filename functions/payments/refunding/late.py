"""Refunds a superseded payment that succeeded late, under keys that no shop can send."""

from dataclasses import dataclass
from typing import Final

from payments.model.payment import Payment
from payments.model.refund import requests_made
from payments.refunding.refund import Refunding
from payments.refunding.request import RefundRequest

REASON: Final = "The order was paid in another way, or cancelled."


@dataclass(frozen=True, slots=True)
class LateRefunding:
    """The use case with its dependencies."""

    refunding: Refunding

    def refund(self, payment: Payment, seconds: float) -> Payment:
        """The payment after its refund. The gateway gets `seconds` to answer.

        Each attempt has a key of its own: another one is made only after evidence that nothing was sent back. Raises
        NotRefundable, GatewayUnreachable, SecretUnusable; nothing was sent in any of them.
        """
        # No Idempotency-Key of a request has a space in it.
        key = f"late success {requests_made(payment) + 1}"
        request = RefundRequest(caller=None, idempotency_key=key, reason=REASON)
        return self.refunding.refund(payment, request, seconds).payment
