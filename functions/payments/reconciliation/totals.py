"""Totals: money taken, refunded and charged back, by the gateway's list and by our record. One entry a currency."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from typing import Any, Final

from payments.model.gateway_transaction import GatewayTransaction
from payments.model.payment import Payment
from payments.model.status import Status


@dataclass(frozen=True, slots=True)
class Totals:
    """`payments` counts the payments that succeeded. The other three are sums in minor units."""

    payments: int = 0
    amount: int = 0
    refunded: int = 0
    charged_back: int = 0

    def __add__(self, other: "Totals") -> "Totals":
        return Totals(*(left + right for left, right in zip(self.as_tuple(), other.as_tuple(), strict=True)))

    def __sub__(self, other: "Totals") -> "Totals":
        return Totals(*(left - right for left, right in zip(self.as_tuple(), other.as_tuple(), strict=True)))

    def as_tuple(self) -> tuple[int, int, int, int]:
        """Payments, amount, refunded, charged back."""
        return self.payments, self.amount, self.refunded, self.charged_back

    def as_dict(self) -> dict[str, int]:
        """The JSON object of the report."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class CurrencyTotals:
    """Both sides of one currency: by the gateway's list, and by our record."""

    gateway: Totals = Totals()
    here: Totals = Totals()


TotalsByCurrency = Mapping[str, CurrencyTotals]
"""Currency → both sides."""

NOTHING: Final = Totals()


def gateway_totals(transaction: GatewayTransaction) -> Totals:
    """The totals of one row of the gateway's list. A fraction of a minor unit is not counted; it is a discrepancy."""
    amount = whole_minor_units(transaction.amount)
    if transaction.verdict is not Status.SUCCEEDED or amount is None:
        return NOTHING
    return Totals(1, amount, amount if transaction.refunded else 0, amount if transaction.charged_back else 0)


def our_totals(payment: Payment) -> Totals:
    """The totals of one payment of ours."""
    if payment.status is not Status.SUCCEEDED:
        return NOTHING
    amount = payment.money.amount
    refunded = amount if payment.refund.status == "refunded" else 0
    return Totals(1, amount, refunded, amount if payment.chargeback.status == "charged_back" else 0)


def add_totals(
    totals: TotalsByCurrency, currency: str | None, gateway: Totals = NOTHING, here: Totals = NOTHING
) -> TotalsByCurrency:
    """The totals with more on either side of a currency."""
    if currency is None or (gateway == NOTHING and here == NOTHING):
        return totals
    sides = totals.get(currency, CurrencyTotals())
    return {**totals, currency: replace(sides, gateway=sides.gateway + gateway, here=sides.here + here)}


def totals_report(totals: TotalsByCurrency) -> list[dict[str, Any]]:
    """The `totals` of the report: one object a currency, by currency."""
    return [
        {
            "currency": currency,
            "gateway": sides.gateway.as_dict(),
            "here": sides.here.as_dict(),
            "difference": (sides.gateway - sides.here).as_dict(),
        }
        for currency, sides in sorted(totals.items())
    ]


def whole_minor_units(amount: Decimal | None) -> int | None:
    """An amount as whole minor units; None without an amount, or with a fraction of a minor unit."""
    return int(amount) if amount is not None and amount == amount.to_integral_value() else None
