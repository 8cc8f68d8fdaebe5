"""Steps: what a reconciliation does between two checkpoints. Each may be cut off anywhere; done again, it changes nothing."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from payments.model.identifiers import orphan_id_of
from payments.model.payment import Payment
from payments.model.status import Status
from payments.ports.runtime import Clock, Telemetry
from payments.reconciliation.checkpoint import Checkpoint, ReportPlace
from payments.reconciliation.confirmation import Confirmation
from payments.reconciliation.discrepancy import NOTES, Discrepancy
from payments.reconciliation.listed import Weighing
from payments.reconciliation.pagination import ID_MARK, Paginator, id_mark
from payments.reconciliation.resolution import WeighingLedger
from payments.reconciliation.totals import TotalsByCurrency, by_gateway, by_record, entered
from payments.reconciliation.transaction_list import ListedRow, Span, UnreadableRow
from payments.reconciliation.unlisted import Missing


@dataclass(frozen=True, slots=True)
class Marked:
    """A payment as it stands, and whether the gateway's list has yet to show it."""

    payment: Payment
    is_unlisted: bool


class ReconciliationLedger(WeighingLedger, Protocol):
    """What the reconciliation needs of the table. Payments come strongly consistent."""

    def sent_under(self, wire_order_ids: Iterable[str]) -> Mapping[str, Marked]:
        """Wire order id → the payment that was sent under it, of those that there are."""

    def standing(self, payment_ids: Iterable[str]) -> Mapping[str, Marked]:
        """Id → the payment, of those that there are."""

    def unlisted(self, span: Span, place: str | None) -> tuple[Sequence[Payment], str | None]:
        """Some of the payments of a span that the list has not shown, from a place on, None being the beginning.

        And the place after them, None when there is nothing after them.
        """

    def cross_off(self, payment_ids: Iterable[str]) -> None:
        """Takes payments off the index: the list has shown them, or never will. Nothing to one that is not on it."""


class Reports(Protocol):
    """Where the discrepancies go."""

    def write_part(self, checkpoint: Checkpoint, discrepancies: Sequence[Discrepancy]) -> None:
        """Writes part number `progress.parts`; the same one again takes its place."""

    def put_together(self, checkpoint: Checkpoint) -> ReportPlace:
        """The report of a finished reconciliation, made of its parts."""


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps of one call, with what they need."""

    walk: Paginator
    confirmation: Confirmation
    ledger: ReconciliationLedger
    reports: Reports
    clock: Clock
    telemetry: Telemetry
    live: bool
    renew: Callable[[Checkpoint], object]
    """Holds the reconciliation on as it was kept last. Raises Overtaken when another call has it: then it writes no part."""

    def next(self, checkpoint: Checkpoint) -> Checkpoint:
        """Takes one. Raises OutOfTime, ListUnanswered, ListStuck."""
        self.confirmation.doubts = checkpoint.doubts
        if checkpoint.phase == "listing":
            return self._listing(checkpoint)
        self.ledger.cross_off(checkpoint.listed)
        return self._unlisted(checkpoint) if checkpoint.phase == "unlisted" else self._report(checkpoint)

    def _listing(self, checkpoint: Checkpoint) -> Checkpoint:
        """A page of the gateway's list, row by row."""
        page = self.walk.page(checkpoint)
        if page is None:
            return self.walk.restarted(checkpoint)
        weighing = self._weighing(checkpoint)
        discrepancies = [unreadable(row) for row in page.rows if isinstance(row, UnreadableRow)]
        rows = [row for row in page.rows if isinstance(row, ListedRow)]
        # Where two transactions were made for one order, the one that was paid is weighed first.
        rows.sort(key=lambda row: row.transaction.verdict is not Status.SUCCEEDED)
        (known, sent), now, shown = self._known(rows), dict[str, Payment](), set[str]()
        entries = dict[str, tuple[ListedRow, Payment | None]]()
        entered_before = {mark[:ID_MARK] for mark in checkpoint.before}
        for row in rows:
            self.confirmation.check()
            mine = known.get(row.transaction.transaction_id)
            # The row before may have been about it: two transactions for one order, of which only one can be ours.
            before = self._fitting(row, now.get(mine.payment.id, mine.payment)) if mine else None
            if mine is None and not checkpoint.span.has(row.created_at):
                continue  # of a day that another reconciliation is about, or none: what is unknown there is not its business
            after, found = weighing.weigh(row, before, self._beside(row, sent, now))
            discrepancies += found
            if after is not None:
                now[after.id] = after
                shown |= {after.id} if mine and mine.is_unlisted and mine.payment.id == after.id else set()
            if checkpoint.span.has(row.created_at) and id_mark(row.transaction.transaction_id) not in entered_before:
                entries[row.transaction.transaction_id] = row, after
        totals = checkpoint.totals
        for row, after in entries.values():  # a transaction counts once, as its last row has it
            totals = _entered(totals, row, now.get(after.id) if after else None)
        self.ledger.cross_off(shown)
        return self.walk.turned(self._told(checkpoint, totals, discrepancies), page)

    def _known(self, rows: Sequence[ListedRow]) -> tuple[dict[str, Marked], Mapping[str, Marked]]:
        """Transaction id → our payment, by the order id it was sent under, or as one that we adopted.

        And wire order id → the payment sent under it, whichever transaction is its.
        """
        sent = self.ledger.sent_under(
            {row.transaction.order_id for row in rows if row.transaction.order_id is not None}
        )
        known = {
            row.transaction.transaction_id: mine
            for row in rows
            if (mine := sent.get(row.transaction.order_id or "")) and self._fitting(row, mine.payment)
        }
        strangers = {
            orphan_id_of(row.transaction.transaction_id): row.transaction.transaction_id
            for row in rows
            if row.transaction.transaction_id not in known
        }
        adopted = self.ledger.standing(strangers)
        return known | {strangers[payment_id]: mine for payment_id, mine in adopted.items()}, sent

    def _beside(self, row: ListedRow, sent: Mapping[str, Marked], now: Mapping[str, Payment]) -> Payment | None:
        """The payment under whose order id another transaction is listed than its own."""
        theirs = sent.get(row.transaction.order_id or "")
        beside = now.get(theirs.payment.id, theirs.payment) if theirs else None
        return beside if beside and beside.live == self.live and self._fitting(row, beside) is None else None

    def _fitting(self, row: ListedRow, payment: Payment | None) -> Payment | None:
        """The payment if the row can be about it: a payment has one transaction, and is of one mode."""
        if payment is None or payment.live != self.live:
            return None
        return payment if payment.transaction_id in (None, row.transaction.transaction_id) else None

    def _unlisted(self, checkpoint: Checkpoint) -> Checkpoint:
        """A page of our own index: what the list has not shown."""
        missing = Missing(self._weighing(checkpoint))
        payments, place = self.ledger.unlisted(checkpoint.span, checkpoint.cursor)
        if checkpoint.rows == 0 and any(payment.transaction_id and payment.live == self.live for payment in payments):
            return self.walk.doubted(checkpoint, "no rows")  # of what the gateway itself has given a number
        looked = [missing.look(payment) for payment in payments]
        totals = checkpoint.totals
        for each in looked:
            if each.is_counted:
                totals = entered(totals, each.payment.money.currency, here=by_record(each.payment))
        told = self._told(checkpoint, totals, [discrepancy for each in looked for discrepancy in each.discrepancies])
        return replace(
            told,
            phase="unlisted" if place is not None else "report",
            cursor=place,
            # Crossed off once this is kept: else a page that is cut off could not find them again.
            listed=tuple(each.payment.id for each in looked if each.is_done),
        )

    def _report(self, checkpoint: Checkpoint) -> Checkpoint:
        self.renew(checkpoint)
        finished = replace(checkpoint, finished_at=self.clock(), listed=(), before=())
        return replace(finished, phase="done", report=self.reports.put_together(finished))

    def _told(
        self, checkpoint: Checkpoint, totals: TotalsByCurrency, discrepancies: Sequence[Discrepancy]
    ) -> Checkpoint:
        if discrepancies:
            self.renew(checkpoint)
            self.reports.write_part(checkpoint, discrepancies)
        return replace(checkpoint.counted(discrepancies), totals=totals, doubts=self.confirmation.doubts)

    def _weighing(self, checkpoint: Checkpoint) -> Weighing:
        return Weighing(self.ledger, self.confirmation, self.clock, self.telemetry, self.live, checkpoint.since)


def unreadable(row: UnreadableRow) -> Discrepancy:
    """The discrepancy that a row is which nothing can be made of."""
    note = f"{NOTES['unreadable_row']} ({row.why})"
    return Discrepancy(discrepancy="unreadable_row", action="none", transaction_id=row.transaction_id, note=note)


def _entered(totals: TotalsByCurrency, row: ListedRow, payment: Payment | None) -> TotalsByCurrency:
    totals = entered(totals, row.transaction.currency, gateway=by_gateway(row.transaction))
    return entered(totals, payment.money.currency, here=by_record(payment)) if payment else totals
