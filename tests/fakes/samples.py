"""Samples: one valid object of each kind. A test names the fields that matter to it and gets the rest as they are."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from payments.charging.request import ChargeRequest
from payments.gateway.status_words import VERDICTS
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
    """The shopper's data, under the gateway's field names."""
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
    """A charge as a shop requests it."""
    fields: dict[str, Any] = {
        "caller": CALLER,
        "idempotency_key": KEY,
        "money": MONEY,
        "card": card(),
        "shopper": shopper(),
        "redirect_url": "https://shop.example/thanks",
        "order_id": ORDER_ID,
        "terminal_id": None,
    }
    return ChargeRequest(**{**fields, **changes})


def refund_request(**changes: Any) -> RefundRequest:
    """A refund as a shop requests it."""
    return RefundRequest(**{"caller": CALLER, "idempotency_key": "refund-1", "reason": "returned", **changes})


def submission(**changes: Any) -> Submission:
    """The sample charge as it is sent to the gateway."""
    fields: dict[str, Any] = {
        "money": MONEY,
        "card": card(),
        "shopper": shopper(),
        "redirect_url": "https://shop.example/thanks",
        "webhook_url": webhook_url("pay_1"),
        "order_id": ORDER_ID,
    }
    return Submission(**{**fields, **changes})


def payment(*, key: str = KEY, at: datetime = START, **changes: Any) -> Payment:
    """A payment right after its claim: recorded, not sent."""
    fields: dict[str, Any] = {
        "fingerprint": "f" * 64,
        "money": MONEY,
        "live": False,
        "order_id": ORDER_ID,
        "card": card().facts,
        "at": at,
    }
    fields |= changes
    return intent(payment_id_of(key, live=fields["live"]), **fields)


def transaction(raw_status: str = "SUCCESS", **changes: Any) -> GatewayTransaction:
    """The gateway's answer about the sample payment, under one of its own status words."""
    fields: dict[str, Any] = {
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
    return GatewayTransaction(**{**fields, **changes})


def webhook_url(payment_id: str) -> str:
    """The webhook address of one payment."""
    return f"https://api.example/webhooks/pay-agency/{payment_id}/token"
