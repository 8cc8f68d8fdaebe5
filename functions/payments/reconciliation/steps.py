"""Steps: what a sweep does between two checkpoints. Each may be cut off anywhere; done again, it changes nothing."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from payments.model.identifiers import orphan_id_of
from payments.model.payment import Payment
from payments.model.status import Status
from payments.ports.runtime import Clock, Telemetry
from payments.reconciliation.checkpoint import Progress, ReportPlace
from payments.reconciliation.confirmation import Confirming
from payments.reconciliation.discrepancy import NOTES, Finding
from payments.reconciliation.listed import Weighing
from payments.reconciliation.pagination import ID_MARK, Walk, id_mark
from payments.reconciliation.resolution import WeighingLedger
from payments.reconciliation.totals import Books, by_gateway, by_record, entered
from payments.reconciliation.transaction_list import ListedRow, Span, UnreadableRow
from payments.reconciliation.unlisted import Missing


@dataclass(frozen=True, slots=True)
class Marked:
    """A payment as it stands, and whether the gateway's list has yet to show it."""

    payment: Payment
    is_unlisted: bool


class SweepLedger(WeighingLedger, Protocol):
    """What the sweep needs of the table. Payments come strongly consistent."""

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
    """Where the findings go."""

    def write_part(self, progress: Progress, findings: Sequence[Finding]) -> None:
        """Writes part number `progress.parts`; the same one again takes its place."""

    def put_together(self, progress: Progress) -> ReportPlace:
        """The report of a finished sweep, made of its parts."""


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps of one call, with what they need."""

    walk: Walk
    confirming: Confirming
    ledger: SweepLedger
    reports: Reports
    clock: Clock
    telemetry: Telemetry
    live: bool
    renew: Callable[[Progress], object]
    """Holds the sweep on as it was kept last. Raises Overtaken when another call has it: then it writes no part."""

    def next(self, progress: Progress) -> Progress:
        """Takes one. Raises OutOfTime, ListUnanswered, ListStuck."""
        self.confirming.doubts = progress.doubts
        if progress.phase == "listing":
            return self._listing(progress)
        self.ledger.cross_off(progress.listed)
        return self._unlisted(progress) if progress.phase == "unlisted" else self._report(progress)

    def _listing(self, progress: Progress) -> Progress:
        """A page of the gateway's list, row by row."""
        page = self.walk.page(progress)
        if page is None:
            return self.walk.restarted(progress)
        weighing = self._weighing(progress)
        findings = [unreadable(row) for row in page.rows if isinstance(row, UnreadableRow)]
        rows = [row for row in page.rows if isinstance(row, ListedRow)]
        # Where two transactions were made for one order, the one that was paid is weighed first.
        rows.sort(key=lambda row: row.report.verdict is not Status.SUCCEEDED)
        (known, sent), now, shown = self._known(rows), dict[str, Payment](), set[str]()
        entries = dict[str, tuple[ListedRow, Payment | None]]()
        entered_before = {mark[:ID_MARK] for mark in progress.before}
        for row in rows:
            self.confirming.check()
            mine = known.get(row.report.transaction_id)
            # The row before may have been about it: two transactions for one order, of which only one can be ours.
            before = self._fitting(row, now.get(mine.payment.id, mine.payment)) if mine else None
            if mine is None and not progress.span.has(row.created_at):
                continue  # of a day that another sweep is about, or none: what is unknown there is not its business
            after, found = weighing.weigh(row, before, self._beside(row, sent, now))
            findings += found
            if after is not None:
                now[after.id] = after
                shown |= {after.id} if mine and mine.is_unlisted and mine.payment.id == after.id else set()
            if progress.span.has(row.created_at) and id_mark(row.report.transaction_id) not in entered_before:
                entries[row.report.transaction_id] = row, after
        books = progress.books
        for row, after in entries.values():  # a transaction counts once, as its last row has it
            books = _entered(books, row, now.get(after.id) if after else None)
        self.ledger.cross_off(shown)
        return self.walk.turned(self._told(progress, books, findings), page)

    def _known(self, rows: Sequence[ListedRow]) -> tuple[dict[str, Marked], Mapping[str, Marked]]:
        """Transaction id → our payment, by the order id it was sent under, or as one that we adopted.

        And wire order id → the payment sent under it, whichever transaction is its.
        """
        sent = self.ledger.sent_under({row.report.order_id for row in rows if row.report.order_id is not None})
        known = {
            row.report.transaction_id: mine
            for row in rows
            if (mine := sent.get(row.report.order_id or "")) and self._fitting(row, mine.payment)
        }
        strangers = {
            orphan_id_of(row.report.transaction_id): row.report.transaction_id
            for row in rows
            if row.report.transaction_id not in known
        }
        adopted = self.ledger.standing(strangers)
        return known | {strangers[payment_id]: mine for payment_id, mine in adopted.items()}, sent

    def _beside(self, row: ListedRow, sent: Mapping[str, Marked], now: Mapping[str, Payment]) -> Payment | None:
        """The payment under whose order id another transaction is listed than its own."""
        theirs = sent.get(row.report.order_id or "")
        beside = now.get(theirs.payment.id, theirs.payment) if theirs else None
        return beside if beside and beside.live == self.live and self._fitting(row, beside) is None else None

    def _fitting(self, row: ListedRow, payment: Payment | None) -> Payment | None:
        """The payment if the row can be about it: a payment has one transaction, and is of one mode."""
        if payment is None or payment.live != self.live:
            return None
        return payment if payment.transaction_id in (None, row.report.transaction_id) else None

    def _unlisted(self, progress: Progress) -> Progress:
        """A page of our own index: what the list has not shown."""
        missing = Missing(self._weighing(progress))
        payments, place = self.ledger.unlisted(progress.span, progress.cursor)
        if progress.rows == 0 and any(payment.transaction_id and payment.live == self.live for payment in payments):
            return self.walk.doubted(progress, "no rows")  # of what the gateway itself has given a number
        looked = [missing.look(payment) for payment in payments]
        books = progress.books
        for each in looked:
            if each.is_counted:
                books = entered(books, each.payment.money.currency, here=by_record(each.payment))
        told = self._told(progress, books, [finding for each in looked for finding in each.findings])
        return replace(
            told,
            phase="unlisted" if place is not None else "report",
            cursor=place,
            # Crossed off once this is kept: else a page that is cut off could not find them again.
            listed=tuple(each.payment.id for each in looked if each.is_done),
        )

    def _report(self, progress: Progress) -> Progress:
        self.renew(progress)
        finished = replace(progress, finished_at=self.clock(), listed=(), before=())
        return replace(finished, phase="done", report=self.reports.put_together(finished))

    def _told(self, progress: Progress, books: Books, findings: Sequence[Finding]) -> Progress:
        if findings:
            self.renew(progress)
            self.reports.write_part(progress, findings)
        return replace(progress.counted(findings), books=books, doubts=self.confirming.doubts)

    def _weighing(self, progress: Progress) -> Weighing:
        return Weighing(self.ledger, self.confirming, self.clock, self.telemetry, self.live, progress.since)


def unreadable(row: UnreadableRow) -> Finding:
    """The finding that a row is which nothing can be made of."""
    note = f"{NOTES['unreadable_row']} ({row.why})"
    return Finding(finding="unreadable_row", action="none", transaction_id=row.transaction_id, note=note)


def _entered(books: Books, row: ListedRow, payment: Payment | None) -> Books:
    books = entered(books, row.report.currency, gateway=by_gateway(row.report))
    return entered(books, payment.money.currency, here=by_record(payment)) if payment else books
