"""Validation of the hosted page's card form. Nothing that the shopper entered is stored here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from local.simulator.cards import brand

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

# Accepts 12/30, 12 / 2030 and 1230: people and browsers write the expiry differently.
_EXPIRY: Final = re.compile(r"(?P<month>0[1-9]|1[0-2])\s*[/-]?\s*(?P<year>20[0-9]{2}|[0-9]{2})", re.ASCII)


def number_in(entered: Mapping[str, str]) -> str:
    return re.sub(r"[\s-]", "", entered.get("card_number", ""))


def faults(entered: Mapping[str, str], today: date) -> dict[str, str]:
    """Error messages by field, in the form's order; empty for valid input. No message repeats the input."""
    number = number_in(entered)
    found = {
        "card_number": _number_fault(number),
        "card_expiry": _expiry_fault(entered.get("card_expiry", "").strip(), today),
        "card_cvv": _cvv_fault(entered.get("card_cvv", "").strip(), 4 if brand(number) == "AMEX" else 3),
    }
    return {name: fault for name, fault in found.items() if fault is not None}


def _number_fault(number: str) -> str | None:
    if not number:
        return "Enter the card number."
    if not _digits(number) or not 12 <= len(number) <= 19:
        return "A card number has 12 to 19 digits."
    return None if _luhn(number) else "This card number is mistyped: its digits do not add up."


def _expiry_fault(text: str, today: date) -> str | None:
    match = _EXPIRY.fullmatch(text)
    if match is None:
        return "Enter the expiry as MM/YY, for example 12/30."
    year = int(match["year"]) if len(match["year"]) == 4 else 2000 + int(match["year"])
    return None if (year, int(match["month"])) >= (today.year, today.month) else "This card has expired."


def _cvv_fault(text: str, length: int) -> str | None:
    return None if _digits(text) and len(text) == length else f"The security code of this card has {length} digits."


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _luhn(number: str) -> bool:
    digits = [int(digit) for digit in reversed(number)]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0
