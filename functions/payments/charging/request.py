"""A validated request for a charge, and the fingerprint that distinguishes its retry from a reuse of its key."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from payments.model.card import Card
from payments.model.identifiers import mode_of
from payments.model.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeRequest:
    """A validated request. `shopper` maps the gateway's field names to values; `card` is None for a hosted payment.

    `caller`: the AWS principal. The key belongs to the merchant, so the caller is no part of the payment's identity.
    """

    caller: str
    idempotency_key: str
    money: Money
    card: Card | None
    shopper: dict[str, str]
    redirect_url: str
    order_id: str | None
    terminal_id: str | None

    def fingerprint(self, *, live: bool) -> str:
        """SHA-256 of the request in its mode: the same for a retry, different for a reuse of the key.

        It covers no CVV, and of the card number only the length, the first 6 and the last 4 digits.
        """
        fields: list[Any] = [
            mode_of(live=live),
            self.money.amount,
            self.money.currency,
            *_card_fields(self.card),
            sorted(self.shopper.items()),
            self.redirect_url,
            self.order_id,
            self.terminal_id,
        ]
        return hashlib.sha256(json.dumps(fields, separators=(",", ":")).encode()).hexdigest()


def _card_fields(card: Card | None) -> tuple[str, ...]:
    if card is None:
        return ("hosted",)
    return f"{card.number[:6]}{len(card.number)}{card.number[-4:]}", card.expiry_month, card.expiry_year
