"""One page of the gateway's list: its rows matched and reconciled one after the other, and its totals."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from payments.model.payment import Payment
from payments.model.status import Status
from payments.reconciliation.checkpoint import Checkpoint
from payments.reconciliation.discrepancy import Discrepancy, unreadable
from payments.reconciliation.listed import ListedReconciler
from payments.reconciliation.matching import Match, Matcher
from payments.reconciliation.other_channels import OtherChannels, add_row
from payments.reconciliation.pagination import marked_transactions, transaction_mark
from payments.reconciliation.totals import TotalsByCurrency, add_totals, gateway_totals, our_totals
from payments.reconciliation.transaction_list import ListedRow, UnreadableRow

EDGE: Final = timedelta(hours=1)
"""How far the gateway's time of a transaction may be from ours: the clocks, and the time until it is sent."""

LISTED_WITHIN: Final = timedelta(days=3)
"""A payment younger than this may not have been compared yet, if the gateway's times are wrong by hours."""


@dataclass(frozen=True, slots=True)
class PageResult:
    """`shown`: payments on the index of unlisted payments that the page has shown.

    `is_ours_elsewhere`: whether a transaction of a declared channel turned out to be a payment of ours.
    """

    discrepancies: list[Discrepancy]
    shown: set[str]
    totals: TotalsByCurrency
    other_channels: OtherChannels
    is_ours_elsewhere: bool


@dataclass(frozen=True, slots=True)
class ListedPage:
    """The rows of one page, with what they need. `check_time` raises OutOfTime before a row is begun too late."""

    checkpoint: Checkpoint
    matcher: Matcher
    listed: ListedReconciler
    check_time: Callable[[], None]
    discrepancies: list[Discrepancy] = field(default_factory=list)
    shown: set[str] = field(default_factory=set)
    entries: dict[str, tuple[ListedRow, Payment | None]] = field(default_factory=dict)
    others: dict[str, ListedRow] = field(default_factory=dict)

    def reconcile(self, rows: Iterable[ListedRow]) -> PageResult:
        """Reconciles each row. Raises OutOfTime."""
        is_ours_elsewhere = False
        for row in rows:
            self.check_time()
            match = self.matcher.match(row)
            if is_of_another_channel(match):
                self._count(row)
            elif match.is_known or self.checkpoint.span.contains(row.created_at):
                self._reconcile(match)
                is_ours_elsewhere = is_ours_elsewhere or is_ours_in_another_channel(match)
            # An unknown transaction of another day belongs to another reconciliation, or to none.
        return PageResult(self.discrepancies, self.shown, self._totals(), self._other_channels(), is_ours_elsewhere)

    def _count(self, row: ListedRow) -> None:
        if self.checkpoint.span.contains(row.created_at):
            self.others[row.transaction.transaction_id] = row

    def _reconcile(self, match: Match) -> None:
        outcome = self.listed.reconcile(match)
        self.discrepancies.extend(outcome.discrepancies)
        if outcome.payment is not None:
            self.matcher.keep(outcome.payment)
            if outcome.payment.id == match.unlisted_id:
                self.shown.add(outcome.payment.id)
        if self.checkpoint.span.contains(match.row.created_at):
            self.entries[match.row.transaction.transaction_id] = match.row, outcome.payment

    def _totals(self) -> TotalsByCurrency:
        """The totals with this page. A transaction counts once: as its last row on its first page shows it."""
        totals, counted = self.checkpoint.totals, marked_transactions(self.checkpoint.recent_rows)
        for transaction_id, (row, payment) in self.entries.items():
            if transaction_mark(transaction_id) in counted:
                continue
            totals = add_totals(totals, row.transaction.currency, gateway=gateway_totals(row.transaction))
            if payment is not None:
                latest = self.matcher.latest(payment)
                totals = add_totals(totals, latest.money.currency, here=our_totals(latest))
        return totals

    def _other_channels(self) -> OtherChannels:
        channels, counted = self.checkpoint.other_channels, marked_transactions(self.checkpoint.recent_rows)
        for transaction_id, row in self.others.items():
            if transaction_mark(transaction_id) not in counted:
                channels = add_row(channels, row)
        return channels


def is_of_another_channel(match: Match) -> bool:
    """Whether a transaction is of a declared channel, and has nothing to do with a payment or an order of ours.

    What we have a payment for is compared, whatever its channel. A transaction under an order of ours may have paid it.
    """
    return match.row.other_channel is not None and not match.is_known and match.other_payment is None


def is_ours_in_another_channel(match: Match) -> bool:
    """Whether a declared channel has a transaction that was made by us: then it must not be declared."""
    ours = match.payment
    return match.row.other_channel is not None and ours is not None and not ours.is_adopted


def is_due(row: ListedRow, checkpoint: Checkpoint) -> bool:
    """Whether a row is compared. A list has a day more at each end, as the time zone of its days is unknown.

    A daily reconciliation leaves most of these rows to the reconciliation of their own days. It compares those within
    an hour of its days, those without a known time, and those of today and the last two days: their payments may still
    be on the index of unlisted payments.
    """
    if not checkpoint.daily or row.created_at is None or not row.has_time_zone:
        return True
    is_young = checkpoint.started_at.date() - row.created_at.date() < LISTED_WITHIN
    moments = (row.created_at - EDGE, row.created_at, row.created_at + EDGE)
    return is_young or any(checkpoint.span.contains(moment) for moment in moments)


def split(rows: Sequence[ListedRow | UnreadableRow]) -> tuple[list[ListedRow], list[Discrepancy]]:
    """The rows that can be compared, and a line for each of the others.

    Where two transactions were made for one order, the paid one is reconciled first.
    """
    listed = [row for row in rows if isinstance(row, ListedRow)]
    listed.sort(key=lambda row: row.transaction.verdict is not Status.SUCCEEDED)
    return listed, [unreadable(row) for row in rows if isinstance(row, UnreadableRow)]
