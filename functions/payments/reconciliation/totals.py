"""Books: what was taken, refunded and charged back, by the gateway's word and by our record. One entry a currency."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from payments.model.gateway_transaction import GatewayTransaction
from payments.model.payment import Payment
from payments.model.status import Status


@dataclass(frozen=True, slots=True)
class Totals:
    """`payments` counts what succeeded; the sums are minor units."""

    payments: int = 0
    amount: int = 0
    refunded: int = 0
    charged_back: int = 0

    def __add__(self, other: "Totals") -> "Totals":
        return Totals(*(mine + theirs for mine, theirs in zip(self.told(), other.told(), strict=True)))

    def __sub__(self, other: "Totals") -> "Totals":
        return Totals(*(mine - theirs for mine, theirs in zip(self.told(), other.told(), strict=True)))

    def told(self) -> tuple[int, int, int, int]:
        """The four numbers, in order."""
        return self.payments, self.amount, self.refunded, self.charged_back

    def line(self) -> dict[str, int]:
        """Its JSON."""
        return dict(zip(("payments", "amount", "refunded", "charged_back"), self.told(), strict=True))


@dataclass(frozen=True, slots=True)
class CurrencyTotals:
    """One currency, both sides."""

    gateway: Totals = Totals()
    here: Totals = Totals()


TotalsByCurrency = Mapping[str, CurrencyTotals]
"""Currency → both sides."""

NOTHING: Final = Totals()


def by_gateway(transaction: GatewayTransaction) -> Totals:
    """What a row adds to the gateway's side. A fraction of a minor unit is not counted; it is a discrepancy."""
    amount = whole(transaction.amount)
    if transaction.verdict is not Status.SUCCEEDED or amount is None:
        return NOTHING
    return Totals(1, amount, amount if transaction.refunded else 0, amount if transaction.charged_back else 0)


def by_record(payment: Payment) -> Totals:
    """What a payment adds to our side."""
    if payment.status is not Status.SUCCEEDED:
        return NOTHING
    amount = payment.money.amount
    refunded = amount if payment.refund.status == "refunded" else 0
    return Totals(1, amount, refunded, amount if payment.chargeback.status == "charged_back" else 0)


def entered(
    totals: TotalsByCurrency, currency: str | None, gateway: Totals = NOTHING, here: Totals = NOTHING
) -> TotalsByCurrency:
    """The books with one more entry in each column."""
    if currency is None or (gateway == NOTHING and here == NOTHING):
        return totals
    book = totals.get(currency, CurrencyTotals())
    return {**totals, currency: replace(book, gateway=book.gateway + gateway, here=book.here + here)}


def lines(totals: TotalsByCurrency) -> list[dict[str, Any]]:
    """The books as the report has them, a currency each."""
    return [
        {
            "currency": currency,
            "gateway": book.gateway.line(),
            "here": book.here.line(),
            "difference": (book.gateway - book.here).line(),
        }
        for currency, book in sorted(totals.items())
    ]


def whole(amount: Decimal | None) -> int | None:
    """An amount as whole minor units; None when there is none, or a fraction."""
    return int(amount) if amount is not None and amount == amount.to_integral_value() else None
