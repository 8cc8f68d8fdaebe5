"""Money: an integer number of minor units and its ISO 4217 currency. No float enters or leaves."""

import re
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Literal

AmountUnit = Literal["minor", "major"]

_EXPONENT_2 = frozenset(
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC "
    "CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR "
    "JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD "
    "NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN "
    "SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG".split()
)
_EXPONENT_0 = frozenset("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split())
_EXPONENT_3 = frozenset("BHD IQD JOD KWD LYD OMR TND".split())

EXPONENTS: dict[str, int] = {
    **dict.fromkeys(_EXPONENT_2, 2),
    **dict.fromkeys(_EXPONENT_0, 0),
    **dict.fromkeys(_EXPONENT_3, 3),
}
"""Currency code → digits after the point (ISO 4217). Funds codes, metals and four digits are not supported."""


_SANE = 40
"""More digits than any amount of money has. Arithmetic within this limit neither overflows nor rounds."""
_EXACT = Context(prec=3 * _SANE)
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([Ee][+-]?[0-9]{1,3})?")


@dataclass(frozen=True, slots=True)
class Money:
    """`amount` minor units of `currency`, e.g. Money(100, "GBP") is one pound."""

    amount: int
    currency: str

    def in_unit(self, unit: AmountUnit) -> Decimal:
        """The exact number in the gateway's unit: one pound is 100 in "minor" and 1.00 in "major"."""
        if unit == "minor":
            return Decimal(self.amount)
        return Decimal(self.amount).scaleb(-EXPONENTS[self.currency], _EXACT)


def in_minor_units(number: Decimal, currency: str, unit: AmountUnit) -> Decimal:
    """A gateway's number in minor units. The result has a fraction when it is no whole number of minor units."""
    return number if unit == "minor" else number.scaleb(EXPONENTS.get(currency, 2), _EXACT)


def exact(value: object) -> Decimal | None:
    """A JSON number or a numeric string as an exact decimal, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        return None  # Decimal would accept "1_00" and " 100" as a hundred
    number = Decimal(value)
    sane = number.is_finite() and -_SANE < number.adjusted() < _SANE and len(number.as_tuple().digits) <= _SANE
    return number if sane else None
