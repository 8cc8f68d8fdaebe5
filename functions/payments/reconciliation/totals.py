"""Books: what was taken, refunded and charged back, by the gateway's word and by our record. One entry a currency."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from payments.model.gateway_transaction import Report
from payments.model.payment import Payment
from payments.model.status import Status


@dataclass(frozen=True, slots=True)
class Sums:
    """`payments` counts what succeeded; the sums are minor units."""

    payments: int = 0
    amount: int = 0
    refunded: int = 0
    charged_back: int = 0

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(*(mine + theirs for mine, theirs in zip(self.told(), other.told(), strict=True)))

    def __sub__(self, other: "Sums") -> "Sums":
        return Sums(*(mine - theirs for mine, theirs in zip(self.told(), other.told(), strict=True)))

    def told(self) -> tuple[int, int, int, int]:
        """The four numbers, in order."""
        return self.payments, self.amount, self.refunded, self.charged_back

    def line(self) -> dict[str, int]:
        """Its JSON."""
        return dict(zip(("payments", "amount", "refunded", "charged_back"), self.told(), strict=True))


@dataclass(frozen=True, slots=True)
class Book:
    """One currency, both sides."""

    gateway: Sums = Sums()
    here: Sums = Sums()


Books = Mapping[str, Book]
"""Currency → both sides."""

NOTHING: Final = Sums()


def by_gateway(report: Report) -> Sums:
    """What a row adds to the gateway's side. A fraction of a minor unit is not counted; it is a finding."""
    amount = whole(report.amount)
    if report.verdict is not Status.SUCCEEDED or amount is None:
        return NOTHING
    return Sums(1, amount, amount if report.refunded else 0, amount if report.charged_back else 0)


def by_record(payment: Payment) -> Sums:
    """What a payment adds to our side."""
    if payment.status is not Status.SUCCEEDED:
        return NOTHING
    amount = payment.money.amount
    refunded = amount if payment.refund.status == "refunded" else 0
    return Sums(1, amount, refunded, amount if payment.chargeback.status == "charged_back" else 0)


def entered(books: Books, currency: str | None, gateway: Sums = NOTHING, here: Sums = NOTHING) -> Books:
    """The books with one more entry in each column."""
    if currency is None or (gateway == NOTHING and here == NOTHING):
        return books
    book = books.get(currency, Book())
    return {**books, currency: replace(book, gateway=book.gateway + gateway, here=book.here + here)}


def lines(books: Books) -> list[dict[str, Any]]:
    """The books as the report has them, a currency each."""
    return [
        {
            "currency": currency,
            "gateway": book.gateway.line(),
            "here": book.here.line(),
            "difference": (book.gateway - book.here).line(),
        }
        for currency, book in sorted(books.items())
    ]


def whole(amount: Decimal | None) -> int | None:
    """An amount as whole minor units; None when there is none, or a fraction."""
    return int(amount) if amount is not None and amount == amount.to_integral_value() else None
