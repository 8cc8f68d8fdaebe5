"""The bodies of our requests, in the gateway's format. Sources: S2S document, hostedApi page, refundApi page."""

import json
from collections.abc import Iterator

from payments.gateway.envelope import Dialect
from payments.model.card import Card
from payments.model.country import ALPHA_3
from payments.ports.gateway import Submission


def charge_payload(submission: Submission, dialect: Dialect) -> bytearray:
    """The plaintext of a charge: one flat JSON object. Only `amount` is a number. Unknown fields are left out.

    The card is written into the bytes and into no other text. The caller wipes them after their encryption.
    """
    fields = {
        **submission.shopper,
        "currency": submission.money.currency,
        "redirect_url": submission.redirect_url,
        "webhook_url": submission.webhook_url,
        "order_id": submission.order_id,
    }
    if submission.terminal_id is not None:
        fields["terminal_id"] = submission.terminal_id
    if dialect.country_format == "alpha-3":
        fields["country"] = ALPHA_3[fields["country"]]
    # The json module cannot write a Decimal, and a float would round: the exact digits are inserted as text.
    amount = format(submission.money.in_unit(dialect.amount_unit), "f")
    others = f'{{"amount":{amount},{json.dumps(fields, ensure_ascii=False)[1:-1]}'
    return bytearray().join((others.encode(), *_card_fields(submission.card), b"}"))


def wipe(plaintext: bytearray) -> None:
    """Overwrites a payload with zeros, in place."""
    plaintext[:] = bytes(len(plaintext))


def refund_payload(transaction_id: str, reason: str) -> bytes:
    """The body of a refund: plain JSON, not encrypted, without an amount (a refund is always of the whole amount)."""
    return json.dumps({"transaction_id": transaction_id, "reason": reason}).encode()


def _card_fields(card: Card | None) -> Iterator[bytes]:
    """The card's fields in JSON. Raises ValueError for a value that is not digits: nothing here escapes it."""
    if card is None:
        return
    values = {
        "card_number": card.number,
        "card_expiry_month": card.expiry_month,
        "card_expiry_year": card.expiry_year,
        "card_cvv": card.cvv,
    }
    for name, value in values.items():
        if not (value.isascii() and value.isdigit()):
            raise ValueError(f"{name} is not digits")
        yield from (f', "{name}": "'.encode(), value.encode(), b'"')
