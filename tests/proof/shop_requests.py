"""The requests of shops, for charges and for refunds, in a form that a state machine can repeat and vary."""

from dataclasses import dataclass, replace
from typing import Final

from payments.charging.request import ChargeRequest
from payments.refunding.request import RefundRequest
from tests.fakes import samples

CVV: Final = "31337733313377"
"""Longer than a real one, so that no timestamp in a log can look like it."""


@dataclass(frozen=True)
class ShopCharge:
    """A shop's request to charge."""

    caller: str
    key: str
    order_id: str | None
    amount: int = 100

    def request(self) -> ChargeRequest:
        """The validated request."""
        money = replace(samples.MONEY, amount=self.amount)
        card = samples.card(cvv=CVV)
        return samples.charge_request(
            caller=self.caller, idempotency_key=self.key, order_id=self.order_id, money=money, card=card
        )


@dataclass(frozen=True)
class ShopRefund:
    """A shop's request to refund a payment."""

    payment_id: str
    caller: str
    key: str
    reason: str = "returned"

    def request(self) -> RefundRequest:
        """The validated request."""
        return RefundRequest(caller=self.caller, idempotency_key=self.key, reason=self.reason)
