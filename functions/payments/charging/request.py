"""What a shop asks for, validated, and the fingerprint that tells a repeat of it from a reuse of its key."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from payments.model.card import Card
from payments.model.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeRequest:
    """What a shop asks for, validated."""

    caller: str
    idempotency_key: str
    money: Money
    card: Card | None
    shopper: dict[str, str]
    redirect_url: str
    order_id: str | None
    terminal_id: str | None

    def fingerprint(self) -> str:
        """SHA-256 that tells a repeat from a reuse: no CVV, and of the card number only its first 6 and last 4."""
        told: list[Any] = [
            self.money.amount,
            self.money.currency,
            *_told_of(self.card),
            sorted(self.shopper.items()),
            self.redirect_url,
            self.order_id,
            self.terminal_id,
        ]
        return hashlib.sha256(json.dumps(told, separators=(",", ":")).encode()).hexdigest()


def _told_of(card: Card | None) -> tuple[str, ...]:
    if card is None:
        return ("hosted",)
    return f"{card.number[:6]}{len(card.number)}{card.number[-4:]}", card.expiry_month, card.expiry_year
