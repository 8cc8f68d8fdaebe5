"""Matching: which payment of ours a row of the gateway's list is about."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from payments.model.identifiers import orphan_id_of
from payments.model.payment import Payment
from payments.reconciliation.transaction_list import ListedRow


@dataclass(frozen=True, slots=True)
class IndexedPayment:
    """A payment as it stands. `is_unlisted`: the gateway's list has not shown it yet (an index keeps those)."""

    payment: Payment
    is_unlisted: bool


class MatchingLedger(Protocol):
    """What matching needs of the table.

    Payments come as they are; if not `consistent`, as they may have been a second ago, or not yet at all.
    """

    def sent_under(
        self, wire_order_ids: Iterable[str], *, live: bool, consistent: bool = True
    ) -> Mapping[str, IndexedPayment]:
        """Wire order id → the payment that was sent under it in this mode. An id without a payment is left out."""

    def standing(self, payment_ids: Iterable[str], *, consistent: bool = True) -> Mapping[str, IndexedPayment]:
        """Payment id → the payment. An id without a payment is left out."""


@dataclass(frozen=True, slots=True)
class Match:
    """A row, with what the ledger has for it.

    `payment`: the payment that the row is about; None if we have none, or if ours has another transaction.
    `other_payment`: our payment that was sent under the row's order id and has another transaction.
    `is_known`: the ledger has a payment for the row. `unlisted_id`: its id if it is on the index of unlisted payments.
    """

    row: ListedRow
    payment: Payment | None = None
    other_payment: Payment | None = None
    is_known: bool = False
    unlisted_id: str | None = None


@dataclass(frozen=True, slots=True)
class Matcher:
    """The payments behind the rows of one page.

    `known`: transaction id → our payment, found by the order id that it was sent under, or adopted earlier.
    `sent`: wire order id → the payment sent under it, whichever transaction it has.
    `current`: payment id → the payment as an earlier row of the page left it.
    """

    known: Mapping[str, IndexedPayment]
    sent: Mapping[str, IndexedPayment]
    live: bool
    current: dict[str, Payment] = field(default_factory=dict)

    def match(self, row: ListedRow) -> Match:
        """The payment that a row is about, and the one that only shares the row's order id.

        Two transactions may have been made for one order, of which only one can be ours. So a row counts as ours only
        if it still fits after the rows before it.
        """
        known, sent = self.known.get(row.transaction.transaction_id), self.sent.get(row.transaction.order_id or "")
        other = self.latest(sent.payment) if sent else None
        if other is not None and (other.live != self.live or fits(row, other, live=self.live)):
            other = None
        if known is None:
            return Match(row, other_payment=other)
        ours = self.latest(known.payment)
        return Match(
            row,
            payment=ours if fits(row, ours, live=self.live) else None,
            other_payment=other,
            is_known=True,
            unlisted_id=known.payment.id if known.is_unlisted else None,
        )

    def keep(self, payment: Payment) -> None:
        """Keeps a payment as a row has left it, for the rows after it."""
        self.current[payment.id] = payment

    def latest(self, payment: Payment) -> Payment:
        """The payment as the rows so far have left it."""
        return self.current.get(payment.id, payment)


def matcher_of(
    rows: Sequence[ListedRow], ledger: MatchingLedger, *, live: bool, is_settled: Callable[[Match], bool]
) -> Matcher:
    """Reads the payments behind the rows of a page, at half the cost where that is enough.

    Almost every row agrees with its payment. So all payments are read as they may have been a second ago, and those of
    the rows that are not settled by it once more, as they are: a row is an orphan, or differs, only by such a read.
    """
    glance = _read(rows, ledger, live=live, consistent=False)
    unsettled = _with_relatives(rows, [row for row in rows if not is_settled(glance.match(row))])
    if not unsettled:
        return glance
    exact = _read(unsettled, ledger, live=live, consistent=True)
    transaction_ids, order_ids = _ids_of(unsettled)
    return Matcher(
        {**{name: found for name, found in glance.known.items() if name not in transaction_ids}, **exact.known},
        {**{name: found for name, found in glance.sent.items() if name not in order_ids}, **exact.sent},
        live,
    )


def _read(rows: Sequence[ListedRow], ledger: MatchingLedger, *, live: bool, consistent: bool) -> Matcher:
    _, order_ids = _ids_of(rows)
    sent = ledger.sent_under(order_ids, live=live, consistent=consistent)
    known = {
        row.transaction.transaction_id: payment
        for row in rows
        if (payment := sent.get(row.transaction.order_id or "")) and fits(row, payment.payment, live=live)
    }
    orphans = {
        orphan_id_of(row.transaction.transaction_id, live=live): row.transaction.transaction_id
        for row in rows
        if row.transaction.transaction_id not in known
    }
    adopted = ledger.standing(orphans, consistent=consistent)
    return Matcher(known | {orphans[payment_id]: found for payment_id, found in adopted.items()}, sent, live)


def _with_relatives(rows: Sequence[ListedRow], some: Sequence[ListedRow]) -> list[ListedRow]:
    """Some of the rows, with all others of their transactions and orders: they may be about the same payments."""
    related = list(some)
    while True:
        transaction_ids, order_ids = _ids_of(related)
        found = [
            row
            for row in rows
            if row.transaction.transaction_id in transaction_ids or row.transaction.order_id in order_ids
        ]
        if len(found) == len(related):
            return found
        related = found


def _ids_of(rows: Iterable[ListedRow]) -> tuple[set[str], set[str]]:
    """The transaction ids and the order ids of some rows."""
    transactions = [row.transaction for row in rows]
    return {each.transaction_id for each in transactions}, {each.order_id for each in transactions if each.order_id}


def fits(row: ListedRow, payment: Payment, *, live: bool) -> bool:
    """Whether a row can be about a payment: a payment has one transaction, and one mode (live or test)."""
    return payment.live == live and payment.transaction_id in (None, row.transaction.transaction_id)
