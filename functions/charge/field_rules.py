"""The rule of each field: it returns the value, or raises a PydanticCustomError naming the rule, never the value."""

import ipaddress
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, NoReturn
from urllib.parse import urlsplit

from pydantic import ValidationInfo
from pydantic_core import PydanticCustomError

from payments.model import card as cards
from payments.model import country as countries
from payments.model import money, pan

_LETTERS: Final = re.compile(r"[^\W\d_](?:[^\W\d_]|[ '\u2019.\-\u0300-\u036f])*")
_EMAIL: Final = re.compile(r"[^\s@<>()\[\],;:\\\"]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}")
_PHONE: Final = re.compile(r"\+?[0-9]{8,19}")
_TRANSACTION_ID: Final = re.compile(r"\b(?:PA|FS)[0-9]{16}\b")
_RUN_OF_DIGITS: Final = re.compile(r"[0-9]+(?:[^0-9A-Za-z]{1,3}[0-9]+)*")
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Context:
    """What the rules need to know beside the value."""

    live: bool
    max_amount: int
    now: datetime

    def forgiving(self) -> "Context":
        """What may have been good when the request was first made: clock and settings move on, a repeat does not."""
        return Context(live=False, max_amount=sys.maxsize, now=datetime.min.replace(tzinfo=UTC))


def letters(value: str) -> str:
    """A person's name."""
    return value if _LETTERS.fullmatch(value) else _wrong("letters", "must be letters")


def printable(value: str) -> str:
    """One line of text."""
    return value if value.isprintable() and value.strip() else _wrong("printable", "must be one line of printable text")


def without_card_number(value: str) -> str:
    """A text that people write by hand, into which a card's number gets sooner or later."""
    runs = _RUN_OF_DIGITS.findall(_TRANSACTION_ID.sub("", value))
    held = any(pan.holds_number(re.findall("[0-9]+", run)) for run in runs)
    return _wrong("holds_card_number", "may not hold a card's number") if held else value


def email(value: str) -> str:
    """An address that a mail could go to."""
    ok = len(value) <= 254 and _EMAIL.fullmatch(value)
    return value if ok else _wrong("email", "must be an email address")


def phone_number(value: str) -> str:
    """8 to 19 digits."""
    return value if _PHONE.fullmatch(value) else _wrong("phone_number", "must be 8 to 19 digits, with an optional +")


def country(value: str) -> str:
    """Either form of ISO 3166-1; goes on as alpha-2."""
    return countries.as_alpha_2(value) or _wrong("country", "must be an ISO 3166-1 code, alpha-2 or alpha-3")


def currency(value: str) -> str:
    """A currency whose exponent is known."""
    return value if value in money.EXPONENTS else _wrong("currency", "must be an ISO 4217 currency code")


def at_most_the_maximum(value: int, info: ValidationInfo) -> int:
    """The deployment's limit of one charge."""
    most = _context(info).max_amount
    return value if value <= most else _wrong("amount_too_large", f"must be at most {most} minor units")


def ip_address(value: str, info: ValidationInfo) -> str:
    """The shopper's address; in live mode one that the internet can know."""
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return _wrong("ip_address", "must be an IPv4 or IPv6 address")
    if _context(info).live and not address.is_global:
        return _wrong("ip_address_not_public", "must be a public address in live mode")
    return value


def card_number(value: str) -> str:
    """Digits that pass the check digit and lie in a known brand's range."""
    if not re.fullmatch(r"[0-9]{12,19}", value):
        return _wrong("card_number", "must be 12 to 19 digits")
    if not cards.passes_luhn(value):
        return _wrong("card_number_check_digit", "has a wrong check digit")
    return value if cards.brand_of(value) else _wrong("card_brand_unknown", "belongs to no known card brand")


def month(value: str) -> str:
    """MM."""
    return value if re.fullmatch(r"0[1-9]|1[0-2]", value) else _wrong("card_expiry_month", "must be MM, 01 to 12")


def year(value: str, info: ValidationInfo) -> str:
    """YYYY, and with the month not over yet."""
    if not re.fullmatch(r"20[0-9]{2}", value):
        return _wrong("card_expiry_year", "must be YYYY")
    known_month = info.data.get("card_expiry_month")
    if known_month and cards.is_expired(int(known_month), int(value), _context(info).now):
        return _wrong("card_expired", "the card has expired")
    return value


def cvv(value: str, info: ValidationInfo) -> str:
    """As many digits as the brand has."""
    if not re.fullmatch(r"[0-9]{3,4}", value):
        return _wrong("card_cvv", "must be 3 or 4 digits")
    brand = cards.brand_of(info.data.get("card_number", ""))
    if brand and len(value) != cards.cvv_length(brand):
        return _wrong("card_cvv_length", f"must have {cards.cvv_length(brand)} digits for this card")
    return value


def redirect_url(value: str, info: ValidationInfo) -> str:
    """Where the shopper comes back to: https, or http to this machine in test mode."""
    if len(value) > 2048 or not re.fullmatch(r"[!-~]+", value):
        return _wrong("redirect_url", "must be a URL of at most 2048 visible ASCII characters")
    try:
        url = urlsplit(value)
        host, _ = url.hostname, url.port
    except ValueError:
        return _wrong("redirect_url", "must be a URL")
    local = url.scheme == "http" and host in _LOOPBACK and not _context(info).live
    if not host or url.username is not None or not (url.scheme == "https" or local):
        return _wrong("redirect_url_not_https", "must be an https URL (http only to localhost in test mode)")
    return value


def matching(pattern: re.Pattern[str], name: str) -> Callable[[str], str]:
    """A rule that is a pattern."""

    def rule(value: str) -> str:
        return value if pattern.fullmatch(value) else _wrong(name, _PATTERNS[name])

    return rule


_PATTERNS: Final = {
    "order_id": "must be 3 to 64 of A-Z a-z 0-9 . _ - and may not begin with pay_",
    "terminal_id": "must be 1 to 64 visible ASCII characters",
}


def _context(info: ValidationInfo) -> Context:
    context: Context = info.context  # type: ignore[assignment]
    return context


def _wrong(code: str, message: str) -> NoReturn:
    raise PydanticCustomError(code, message)
