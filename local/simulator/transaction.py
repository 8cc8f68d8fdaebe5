"""One transaction of the simulated gateway. The card number is masked, and there is no CVV."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

Amount = int | Decimal

WITH_WEBHOOK: Final = frozenset({"SUCCESS", "FAILED", "BLOCKED"})
FINAL: Final = WITH_WEBHOOK | {"ABANDONED"}
MESSAGES: Final = {
    "SUCCESS": "Transaction processed successfully.",
    "FAILED": "Transaction was declined by the issuing bank.",
    "BLOCKED": "Transaction was blocked for security reasons.",
    "REDIRECT": "Please redirect user to complete the payment.",
    "PENDING": "Transaction is pending.",
    "INIT": "Transaction was created.",
    "ABANDONED": "The customer did not complete the payment.",
}


@dataclass(frozen=True, slots=True)
class Customer:
    first_name: str
    last_name: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """The merchant's request."""

    mode: str
    method: str
    amount: Amount
    currency: str
    customer: Customer
    order_id: str | None = None
    card_number: str | None = None  # masked
    card_type: str | None = None
    redirect_url: str | None = field(default=None, repr=False)
    webhook_url: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    transaction_id: str
    order: Order
    status: str
    message: str
    created_at: datetime
    decided_at: datetime | None = None
    refunded_at: datetime | None = None
    charged_back_at: datetime | None = None
    suspicious_at: datetime | None = None

    @property
    def is_final(self) -> bool:
        return self.status in FINAL

    @property
    def has_webhook(self) -> bool:
        return self.status in WITH_WEBHOOK


def iso_timestamp(when: datetime | None) -> str | None:
    if when is None:
        return None
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
