"""Samples: one valid thing of each kind, changed where a test cares."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from payments.charging.request import ChargeRequest
from payments.gateway.envelope import VERDICTS
from payments.model.card import Card
from payments.model.gateway_transaction import GatewayTransaction
from payments.model.identifiers import payment_id_of
from payments.model.money import Money
from payments.model.payment import Payment, intent
from payments.ports.gateway import Submission
from payments.refunding.request import RefundRequest
from tests.fakes.clock import START

CALLER: Final = "arn:aws:iam::123456789012:role/shop"
KEY: Final = "key-1"
CARD_NUMBER: Final = "4111111111111111"
CVV: Final = "907"
MONEY: Final = Money(100, "GBP")
ORDER_ID: Final = "12524AGSDF34DS"
TRANSACTION_ID: Final = "PA0000000000000001"
SHOPPER_PAGE: Final = "https://bank.example/3ds"


def card(**changes: Any) -> Card:
    """A Visa test card."""
    return Card(**{"number": CARD_NUMBER, "cvv": CVV, "expiry_month": "12", "expiry_year": "2030", **changes})


def shopper() -> dict[str, str]:
    """A person, in the gateway's names."""
    return {
        "first_name": "James",
        "last_name": "Dean",
        "email": "james@example.com",
        "address": "64 Hertingfordbury Rd",
        "country": "GB",
        "city": "Newport",
        "state": "GB",
        "zip": "TF10 8DF",
        "ip_address": "127.0.0.1",
        "phone_number": "7654233212",
    }


def charge_request(**changes: Any) -> ChargeRequest:
    """What a shop asks for."""
    told: dict[str, Any] = {
        "caller": CALLER,
        "idempotency_key": KEY,
        "money": MONEY,
        "card": card(),
        "shopper": shopper(),
        "redirect_url": "https://shop.example/thanks",
        "order_id": ORDER_ID,
        "terminal_id": None,
    }
    return ChargeRequest(**{**told, **changes})


def refund_request(**changes: Any) -> RefundRequest:
    """What a shop asks for when it gives a payment back."""
    return RefundRequest(**{"caller": CALLER, "idempotency_key": "refund-1", "reason": "returned", **changes})


def submission(**changes: Any) -> Submission:
    """What the gateway is told."""
    told: dict[str, Any] = {
        "money": MONEY,
        "card": card(),
        "shopper": shopper(),
        "redirect_url": "https://shop.example/thanks",
        "webhook_url": address("pay_1"),
        "order_id": ORDER_ID,
    }
    return Submission(**{**told, **changes})


def payment(*, key: str = KEY, at: datetime = START, **changes: Any) -> Payment:
    """A payment as it is claimed."""
    told: dict[str, Any] = {
        "fingerprint": "f" * 64,
        "money": MONEY,
        "live": False,
        "order_id": ORDER_ID,
        "card": card().facts,
        "at": at,
    }
    return intent(payment_id_of(CALLER, key), **{**told, **changes})


def transaction(raw_status: str = "SUCCESS", **changes: Any) -> GatewayTransaction:
    """What the gateway says of the sample payment, in one of its own status words."""
    told: dict[str, Any] = {
        "raw_status": raw_status,
        "verdict": VERDICTS.get(raw_status),
        "transaction_id": TRANSACTION_ID,
        "order_id": ORDER_ID,
        "amount": Decimal(MONEY.amount),
        "currency": MONEY.currency,
        "message": f"the gateway says {raw_status.lower()}",
        "redirect_url": SHOPPER_PAGE if raw_status == "REDIRECT" else None,
        "refunded": False,
    }
    return GatewayTransaction(**{**told, **changes})


def address(payment_id: str) -> str:
    """A payment's own webhook address."""
    return f"https://api.example/webhooks/pay-agency/{payment_id}/token"
