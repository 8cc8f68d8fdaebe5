"""Steps: the work between two checkpoints. A step may be cut off anywhere; repeated, it changes nothing."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from payments.model.payment import Payment
from payments.ports.runtime import Clock, Telemetry
from payments.reconciliation.agreement import is_settled
from payments.reconciliation.assembly import Assembly, ReportPlace
from payments.reconciliation.checkpoint import Checkpoint
from payments.reconciliation.confirmation import Confirmation
from payments.reconciliation.discrepancy import Discrepancy, is_left_open
from payments.reconciliation.listed import ListedReconciler
from payments.reconciliation.listed_page import ListedPage, is_due, split
from payments.reconciliation.matching import MatchingLedger, matcher_of
from payments.reconciliation.pagination import Paginator
from payments.reconciliation.resolution import ResolutionLedger, Resolver
from payments.reconciliation.totals import TotalsByCurrency, add_totals, our_totals
from payments.reconciliation.transaction_list import Span
from payments.reconciliation.unlisted import UnlistedReconciler


class ReconciliationLedger(ResolutionLedger, MatchingLedger, Protocol):
    """What the reconciliation needs of the table."""

    def unlisted(self, span: Span, place: str | None, *, live: bool) -> tuple[Sequence[Payment], str | None]:
        """Some payments of a span and a mode that the list has not shown, from a place on (None: the start).

        They are strongly consistent. And the place after them, None at the end.
        """

    def cross_off(self, payment_ids: Iterable[str]) -> None:
        """Takes payments off the index of unlisted payments; no effect on a payment that is not on it."""


class Reports(Protocol):
    """Where the discrepancies are written."""

    def write_part(self, checkpoint: Checkpoint, discrepancies: Sequence[Discrepancy]) -> None:
        """Writes part number `checkpoint.parts`. Written again, a part replaces itself."""

    def assemble(self, checkpoint: Checkpoint) -> ReportPlace | Assembly:
        """Writes the report of a finished reconciliation, made from its parts: all of it, or the next piece."""


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps of one call, with what they need."""

    paginator: Paginator
    confirmation: Confirmation
    ledger: ReconciliationLedger
    reports: Reports
    clock: Clock
    telemetry: Telemetry
    live: bool
    renew: Callable[[Checkpoint], object]
    """Renews the lease before a report part is written; raises LeaseLost if another call holds it."""

    def next(self, checkpoint: Checkpoint) -> Checkpoint:
        """Takes one step. Raises OutOfTime, ListUnanswered, ListStuck, LeaseLost."""
        self.confirmation.contradictions = checkpoint.contradictions
        self.ledger.cross_off(checkpoint.to_cross_off)
        if checkpoint.phase == "listing":
            return self._listing(replace(checkpoint, to_cross_off=()))
        return self._unlisted(checkpoint) if checkpoint.phase == "unlisted" else self._report(checkpoint)

    def _listing(self, checkpoint: Checkpoint) -> Checkpoint:
        """Reconciles one page of the gateway's list."""
        page = self.paginator.page(checkpoint)
        if page is None:
            return self.paginator.restart(checkpoint)
        rows, unreadable = split(page.rows)
        rows = [row for row in rows if is_due(row, checkpoint)]
        settled = partial(is_settled, since=checkpoint.since, at=self.clock())
        matcher = matcher_of(rows, self.ledger, live=self.live, is_settled=settled)
        listed = ListedReconciler(self._resolver(checkpoint))
        result = ListedPage(checkpoint, matcher, listed, self.confirmation.check_time).reconcile(rows)
        self.ledger.cross_off(result.shown)
        if result.is_ours_elsewhere:
            self.confirmation.note_doubt("our payments in a declared channel")
        after = self._write_part(checkpoint, result.totals, [*unreadable, *result.discrepancies])
        return self.paginator.advance(replace(after, other_channels=result.other_channels), page)

    def _unlisted(self, checkpoint: Checkpoint) -> Checkpoint:
        """Reconciles one page of our own index: payments that the list has not shown."""
        payments, place = self.ledger.unlisted(checkpoint.span, checkpoint.cursor, live=self.live)
        if checkpoint.rows == 0 and self._has_gateways_transaction(payments):
            return self.paginator.end_incomplete(checkpoint, "no rows")
        unlisted = UnlistedReconciler(self._resolver(checkpoint))
        outcomes = [unlisted.reconcile(payment) for payment in payments]
        totals = checkpoint.totals
        for payment in (outcome.payment for outcome in outcomes if outcome.is_counted):
            totals = add_totals(totals, payment.money.currency, here=our_totals(payment))
        lines = [line for outcome in outcomes for line in outcome.discrepancies]
        after = replace(
            self._write_part(checkpoint, totals, lines),
            # Crossed off after this checkpoint is saved: otherwise a page that is cut off could not find them again.
            to_cross_off=tuple(outcome.payment.id for outcome in outcomes if outcome.is_done),
        )
        return after.list_done() if place is None else replace(after, cursor=place)

    def _has_gateways_transaction(self, payments: Iterable[Payment]) -> bool:
        """Whether the gateway itself has given one of the payments a transaction id: its list should show that one."""
        return any(payment.transaction_id and payment.live == self.live for payment in payments)

    def _report(self, checkpoint: Checkpoint) -> Checkpoint:
        finished = replace(
            checkpoint, finished_at=checkpoint.finished_at or self.clock(), to_cross_off=(), recent_rows=()
        )
        self.renew(finished)  # saved before the report is begun: one that is begun again has the same time
        written = self.reports.assemble(finished)
        if isinstance(written, Assembly):
            return replace(finished, assembly=written)
        return replace(finished, phase="done", report=written, assembly=Assembly())

    def _write_part(
        self, checkpoint: Checkpoint, totals: TotalsByCurrency, discrepancies: Sequence[Discrepancy]
    ) -> Checkpoint:
        if discrepancies:
            self.renew(checkpoint)
            self.reports.write_part(checkpoint, discrepancies)
        counted = checkpoint.counted(discrepancies)
        left_open = {line.made_at.date() for line in discrepancies if line.made_at is not None and is_left_open(line)}
        return replace(
            counted,
            totals=totals,
            contradictions=self.confirmation.contradictions,
            left_open=tuple(sorted({*checkpoint.left_open, *left_open})),
        )

    def _resolver(self, checkpoint: Checkpoint) -> Resolver:
        return Resolver(self.ledger, self.confirmation, self.clock, self.telemetry, self.live, checkpoint.since)
