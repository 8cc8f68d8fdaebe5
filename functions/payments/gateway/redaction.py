"""Redaction: texts of the gateway, without card numbers, security codes, addresses and control characters."""

import re
from collections.abc import Sequence
from typing import Final

from payments.model.pan import MASKED

_LONG_DIGITS: Final = re.compile(r"\d(?:[\W_]{0,3}\d){11,}")
_SECURITY_CODE: Final = re.compile(r"(cv[cv]2?|security code)([^0-9]{0,9})[0-9]{3,4}(?![0-9])", re.IGNORECASE)
_EMAIL: Final = re.compile(r"[^\s@]{1,64}@[^\s@]{1,255}")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]+")
_MAX_TEXT: Final = 300


def clean(text: str, hidden: Sequence[str] = ()) -> str:
    """A text of the gateway's, fit to keep: short, printable, with nothing like a card or an email address."""
    for value in sorted(hidden, key=len, reverse=True):
        text = text.replace(value, "•••")
    text = text.encode("utf-8", "replace").decode()
    # Digits first and everywhere: a number that is cut in two is not found any more.
    text = MASKED.sub("••••", _LONG_DIGITS.sub("••••", _CONTROL.sub(" ", text))).strip()[: 4 * _MAX_TEXT]
    # An answer's own CVV is hidden by its value; who asks for a status has none to compare with.
    return _EMAIL.sub("•••", _SECURITY_CODE.sub(r"\1\2•••", text)).strip()[:_MAX_TEXT]


def _echoes_card(value: str, hidden: Sequence[str]) -> bool:
    """Whether the card's number is in it. Three digits of a CVV are in many an innocent one."""
    return any(len(secret) >= 12 and secret in value for secret in hidden)
