"""Field rules: one function a field. Each returns the value, or raises PydanticCustomError with a code and a message.

No message holds the value: it may be a card number.
"""

import ipaddress
import re
import sys
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, NoReturn
from urllib.parse import urlsplit

from pydantic import ValidationInfo
from pydantic_core import PydanticCustomError

from payments.model import card as cards
from payments.model import country as countries
from payments.model import money, pan
from payments.model.identifiers import is_order_id

_BETWEEN_LETTERS: Final = frozenset(" '\u2019.-\u200c\u200d")
"""Space, apostrophes, full stop, hyphen, and the two joiners that Hindi, Bengali and Persian names are written with."""
_EMAIL: Final = re.compile(r"[^\s@<>()\[\],;:\\\"]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}")
_PHONE: Final = re.compile(r"\+?[0-9]{8,19}")
_TERMINAL_ID: Final = re.compile(r"[!-~]{1,64}")
_TRANSACTION_ID: Final = re.compile(r"\b(?:PA|FS)[0-9]{16}\b")
_RUN_OF_DIGITS: Final = re.compile(r"[0-9]+(?:[^0-9A-Za-z]{1,3}[0-9]+)*")
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Context:
    """What the rules depend on beside the value. `max_amount` in minor units; `now` in UTC."""

    live: bool
    max_amount: int
    now: datetime

    def for_replay(self) -> "Context":
        """A context for a retry: it refuses nothing because time has passed or a setting has changed.

        A card may have expired, or the maximum may have been lowered, since the first request was accepted.
        """
        return Context(live=False, max_amount=sys.maxsize, now=datetime.min.replace(tzinfo=UTC))


def letters(value: str) -> str:
    """A person's name."""
    is_name = value[:1].isalpha() and all(_is_of_a_name(character) for character in value)
    return value if is_name else _wrong("letters", "must be letters")


def _is_of_a_name(character: str) -> bool:
    """A letter, or a mark on a letter (the vowel signs of Hindi and Bengali are marks), or what stands between."""
    return unicodedata.category(character)[0] in "LM" or character in _BETWEEN_LETTERS


def printable(value: str) -> str:
    """One line of printable text, not only spaces."""
    return value if value.isprintable() and value.strip() else _wrong("printable", "must be one line of printable text")


def without_card_number(value: str) -> str:
    """A text without a card number: people do type card numbers into texts that are stored, logged and published.

    The gateway's ids of transactions are no card numbers; a reason may name one.
    """
    return _without_card_number(value, _TRANSACTION_ID.sub("", value))


def _without_card_number(value: str, searched: str) -> str:
    """Digits that stand together count, and groups one after the other. A part of a longer number does not."""
    runs = _RUN_OF_DIGITS.findall(searched)
    found = any(pan.holds_number(re.findall("[0-9]+", run)) for run in runs)
    return _wrong("holds_card_number", "may not hold a card's number") if found else value


def email(value: str) -> str:
    """An email address of at most 254 characters."""
    valid = len(value) <= 254 and _EMAIL.fullmatch(value)
    return value if valid else _wrong("email", "must be an email address")


def phone_number(value: str) -> str:
    """8 to 19 digits, with an optional plus sign."""
    return value if _PHONE.fullmatch(value) else _wrong("phone_number", "must be 8 to 19 digits, with an optional +")


def country(value: str) -> str:
    """An ISO 3166-1 code, alpha-2 or alpha-3. Returns alpha-2."""
    return countries.as_alpha_2(value) or _wrong("country", "must be an ISO 3166-1 code, alpha-2 or alpha-3")


def currency(value: str) -> str:
    """An ISO 4217 code that the table of exponents has."""
    return value if value in money.EXPONENTS else _wrong("currency", "must be an ISO 4217 currency code")


def at_most_the_maximum(value: int, info: ValidationInfo) -> int:
    """An amount in minor units, not above the deployment's maximum for one charge."""
    maximum = _context(info).max_amount
    return value if value <= maximum else _wrong("amount_too_large", f"must be at most {maximum} minor units")


def ip_address(value: str, info: ValidationInfo) -> str:
    """The shopper's IPv4 or IPv6 address; in live mode a public one."""
    try:
        # A zone ("%eth0") names an interface of one machine: nobody else can know the address by it.
        address = ipaddress.ip_address("zone" if "%" in value else value)
    except ValueError:
        return _wrong("ip_address", "must be an IPv4 or IPv6 address")
    if _context(info).live and not address.is_global:
        return _wrong("ip_address_not_public", "must be a public address in live mode")
    return value


def card_number(value: str) -> str:
    """12 to 19 digits with a valid check digit, in the range of a known brand."""
    if not re.fullmatch(r"[0-9]{12,19}", value):
        return _wrong("card_number", "must be 12 to 19 digits")
    if not cards.passes_luhn(value):
        return _wrong("card_number_check_digit", "has a wrong check digit")
    return value if cards.brand_of(value) else _wrong("card_brand_unknown", "belongs to no known card brand")


def month(value: str) -> str:
    """MM, 01 to 12."""
    return value if re.fullmatch(r"0[1-9]|1[0-2]", value) else _wrong("card_expiry_month", "must be MM, 01 to 12")


def year(value: str, info: ValidationInfo) -> str:
    """YYYY. Together with the month, the card must not have expired."""
    if not re.fullmatch(r"20[0-9]{2}", value):
        return _wrong("card_expiry_year", "must be YYYY")
    known_month = info.data.get("card_expiry_month")
    if known_month and cards.is_expired(int(known_month), int(value), _context(info).now):
        return _wrong("card_expired", "the card has expired")
    return value


def cvv(value: str, info: ValidationInfo) -> str:
    """3 or 4 digits, as many as the card's brand uses."""
    if not re.fullmatch(r"[0-9]{3,4}", value):
        return _wrong("card_cvv", "must be 3 or 4 digits")
    brand = cards.brand_of(info.data.get("card_number", ""))
    if brand and len(value) != cards.cvv_length(brand):
        return _wrong("card_cvv_length", f"must have {cards.cvv_length(brand)} digits for this card")
    return value


def redirect_url(value: str, info: ValidationInfo) -> str:
    """The URL that the shopper returns to: https. In test mode also http, to this machine."""
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


def order_id(value: str) -> str:
    """The shop's own id of the order. It names no transaction of the gateway, so all its digits are searched."""
    rule = "must be 3 to 64 of A-Z a-z 0-9 . _ - and may not begin with pay_"
    return _without_card_number(value, value) if is_order_id(value) else _wrong("order_id", rule)


def terminal_id(value: str) -> str:
    """The id of one of the gateway's terminals."""
    return value if _TERMINAL_ID.fullmatch(value) else _wrong("terminal_id", "must be 1 to 64 visible ASCII characters")


def _context(info: ValidationInfo) -> Context:
    context: Context = info.context  # type: ignore[assignment]
    return context


def _wrong(code: str, message: str) -> NoReturn:
    raise PydanticCustomError(code, message)
