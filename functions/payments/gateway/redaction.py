"""Redaction of the gateway's texts: card numbers, security codes, email addresses and control characters."""

import re
from collections.abc import Sequence
from typing import Final

from payments.model.pan import MASKED

_LONG_DIGITS: Final = re.compile(r"\d(?:[\W_]{0,3}\d){11,}")
_SECURITY_CODE: Final = re.compile(r"(cv[cv]2?|security code)([^0-9]{0,9})[0-9]{3,4}(?![0-9])", re.IGNORECASE)
_EMAIL: Final = re.compile(r"[^\s@]{1,64}@[^\s@]{1,255}")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]+")
_MIN_CARD_NUMBER: Final = 12
_MAX_TEXT: Final = 300


def clean(text: str, hidden: Sequence[str] = ()) -> str:
    """A text that is safe to store and to show: at most 300 printable characters.

    Removes the values in `hidden`, and everything that looks like a card number, a security code or an email address.
    """
    for value in sorted(hidden, key=len, reverse=True):
        # A short name is also a part of many words: only the name by itself is hidden.
        is_short_name = value.isalpha() and len(value) < 4
        text = re.sub(rf"\b{re.escape(value)}\b", "•••", text) if is_short_name else text.replace(value, "•••")
    text = text.encode("utf-8", "replace").decode()
    # Card numbers are removed before the text is cut: half a number would not be recognised.
    text = MASKED.sub("••••", _LONG_DIGITS.sub("••••", _CONTROL.sub(" ", text))).strip()[: 4 * _MAX_TEXT]
    # The CVV of a charge is removed by its value. A status query has no CVV to compare with.
    return _EMAIL.sub("•••", _SECURITY_CODE.sub(r"\1\2•••", text)).strip()[:_MAX_TEXT]


def echoes_card_number(value: str, card_data: Sequence[str]) -> bool:
    """Whether the value contains the card number. The CVV is not searched for: its digits occur by chance."""
    return any(len(secret) >= _MIN_CARD_NUMBER and secret in value for secret in card_data)
