"""Cards: the rules about a card number, and the one object that holds it. No text form of that object shows it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

# (first prefix, last prefix, brand); a longer prefix stands before the shorter one that contains it.
_RANGES: tuple[tuple[str, str, str], ...] = (
    ("2200", "2204", "mir"),
    ("2221", "2720", "mastercard"),
    ("3528", "3589", "jcb"),
    ("6011", "6011", "discover"),
    ("300", "305", "diners"),
    ("644", "649", "discover"),
    ("34", "34", "amex"),
    ("36", "36", "diners"),
    ("37", "37", "amex"),
    ("38", "39", "diners"),
    ("50", "50", "maestro"),
    ("51", "55", "mastercard"),
    ("56", "58", "maestro"),
    ("62", "62", "unionpay"),
    ("65", "65", "discover"),
    ("67", "67", "maestro"),
    ("81", "81", "unionpay"),
    ("4", "4", "visa"),
)
_LENGTHS: dict[str, range] = {
    "amex": range(15, 16),
    "diners": range(14, 20),
    "discover": range(16, 20),
    "jcb": range(16, 20),
    "maestro": range(12, 20),
    "mastercard": range(16, 17),
    "mir": range(16, 20),
    "unionpay": range(16, 20),
    "visa": range(13, 20),
}


@dataclass(frozen=True, slots=True)
class CardFacts:
    """The part of a card that may be stored and shown."""

    brand: str
    last4: str
    expiry_month: str
    expiry_year: str


@dataclass(frozen=True, slots=True)
class Card:
    """A whole card on its way to encryption. Number and CVV are not in `repr`, so they are not in tracebacks either."""

    number: str = field(repr=False)
    cvv: str = field(repr=False)
    expiry_month: str
    expiry_year: str

    @property
    def facts(self) -> CardFacts:
        """The part that may be stored and shown."""
        return CardFacts(brand_of(self.number) or "unknown", self.number[-4:], self.expiry_month, self.expiry_year)


def brand_of(number: str) -> str | None:
    """The brand with this prefix and length, None when there is none. `number` has digits only."""
    for first, last, brand in _RANGES:
        if first <= number[: len(first)] <= last:
            return brand if len(number) in _LENGTHS[brand] else None
    return None


def cvv_length(brand: str) -> int:
    """The number of digits in the security code: four for American Express, three for every other brand."""
    return 4 if brand == "amex" else 3


def passes_luhn(number: str) -> bool:
    """Whether the check digit of ISO/IEC 7812-1 is right. `number` has digits only."""
    digits = [int(digit) for digit in reversed(number)]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def is_expired(month: int, year: int, now: datetime) -> bool:
    """Whether a card has expired. It is valid to the end of its month in the last time zone on earth (UTC-12)."""
    first_of_next = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    return now >= first_of_next + timedelta(hours=12)
