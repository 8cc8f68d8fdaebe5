"""Checkpoint: how far a reconciliation has come. It is saved after each step, and the next call continues from it.

It holds counts, totals and a position, never rows: its size does not depend on how much is reconciled.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final, Literal, Protocol, Self

from payments.reconciliation.assembly import Assembly, ReportPlace
from payments.reconciliation.discrepancy import Discrepancy
from payments.reconciliation.other_channels import OtherChannels
from payments.reconciliation.totals import TotalsByCurrency
from payments.reconciliation.transaction_list import Span

Phase = Literal["listing", "unlisted", "report", "done", "stuck"]

DAILY: Final = "daily"
"""The name of the daily reconciliation. No span is written so."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What the lists before the present one have come to. A list that restarts continues from here."""

    rows: int = 0
    listed_total: int | None = 0
    parts: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    totals: TotalsByCurrency = field(default_factory=dict)
    other_channels: OtherChannels = field(default_factory=dict)
    incomplete_because: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """One reconciliation. It compares one span after the other, each with a list of its own.

    `span`: the days that are compared now. `spans`: all days, in the order in which they are compared; empty for
    a reconciliation of one span. `rows`, `listed_total`, `pages`, `restarts`: those of the present list. `before`: the
    lists before it.
    `since`: the report includes the history entries of reconciliations from then on. `daily`: the schedule began it.
    `previous`: the day on which the last finished daily one began.
    `cursor`: the gateway's during the listing, then a position in our own index.
    `cycle_marker`: an earlier cursor of this listing, so that a cursor that comes again is noticed.
    `listed_total`: rows that the gateway announced. `parts`: parts of the report that are written.
    `contradictions`: those counted against the budget. `left_open`: days on which something must be compared again.
    `to_cross_off`: payments that the next step takes off the index.
    `recent_rows`: marks of the last rows. `incomplete_because`: why the list may have holes, or why it is stuck.
    `finished_at`: when everything was compared; its report may not be written yet.
    """

    span: Span
    live: bool
    started_at: datetime
    since: datetime
    spans: tuple[Span, ...] = ()
    before: Tally = field(default_factory=Tally)
    daily: bool = False
    previous: date | None = None
    phase: Phase = "listing"
    cursor: str | None = None
    cycle_marker: str | None = None
    pages: int = 0
    restarts: int = 0
    rows: int = 0
    listed_total: int | None = None
    parts: int = 0
    contradictions: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    totals: TotalsByCurrency = field(default_factory=dict)
    other_channels: OtherChannels = field(default_factory=dict)
    left_open: tuple[date, ...] = ()
    to_cross_off: tuple[str, ...] = ()
    recent_rows: tuple[str, ...] = ()
    incomplete_because: str | None = None
    finished_at: datetime | None = None
    assembly: Assembly = field(default_factory=Assembly)
    report: ReportPlace | None = None

    @property
    def is_complete(self) -> bool:
        """Whether both sides were compared to their end."""
        return self.phase == "done" and self.incomplete_because is None

    @property
    def name(self) -> str:
        """What it is kept under: one daily reconciliation at a time, and one for each span by hand."""
        return DAILY if self.daily else str(self.span)

    @property
    def compared(self) -> tuple[Span, ...]:
        """All its days."""
        return self.spans or (self.span,)

    @property
    def rows_in_all(self) -> int:
        """The rows of all lists so far."""
        return self.before.rows + self.rows

    @property
    def total_in_all(self) -> int | None:
        """The rows that the gateway announced for all lists so far; None if it did not for one of them."""
        if self.before.listed_total is None or self.listed_total is None:
            return None
        return self.before.listed_total + self.listed_total

    def restarted(self) -> Self:
        """Restart the present list at page one. Its discrepancies are derived again from the payments' histories."""
        return replace(
            self,
            phase="listing",
            cursor=None,
            cycle_marker=None,
            pages=0,
            restarts=self.restarts + 1,
            rows=0,
            listed_total=None,
            parts=self.before.parts,
            counts=self.before.counts,
            totals=self.before.totals,
            other_channels=self.before.other_channels,
            to_cross_off=(),
            recent_rows=(),
            incomplete_because=self.before.incomplete_because,
        )

    def list_done(self) -> Self:
        """At the first page of the next list; at the report after the last one."""
        following = self.compared[self.compared.index(self.span) + 1 :]
        if not following:
            return replace(self, phase="report", cursor=None, cycle_marker=None)
        before = Tally(
            rows=self.rows_in_all,
            listed_total=self.total_in_all,
            parts=self.parts,
            counts=self.counts,
            totals=self.totals,
            other_channels=self.other_channels,
            incomplete_because=self.incomplete_because,
        )
        first_page = replace(self, span=following[0], before=before).restarted()
        return replace(first_page, restarts=0, to_cross_off=self.to_cross_off)

    def counted(self, discrepancies: Iterable[Discrepancy]) -> Self:
        """With a step's discrepancies counted. If there are any, they are one more part of the report."""
        counts = dict(self.counts)
        for each in discrepancies:
            counts[each.discrepancy] = counts.get(each.discrepancy, 0) + 1
        return replace(self, counts=counts, parts=self.parts + 1) if counts != self.counts else self


def new_checkpoint(span: Span, *, live: bool, at: datetime) -> Checkpoint:
    """A reconciliation before its first page. Its start is rounded down to milliseconds, as it is stored."""
    at = at.replace(microsecond=at.microsecond // 1000 * 1000)
    return Checkpoint(span=span, live=live, started_at=at, since=at)


def new_daily_checkpoint(spans: tuple[Span, ...], *, live: bool, at: datetime) -> Checkpoint:
    """A daily reconciliation before its first page."""
    return replace(new_checkpoint(spans[0], live=live, at=at), spans=spans, daily=True)


class CheckpointStore(Protocol):
    """Where reconciliations are kept between calls. One call at a time holds a reconciliation's lease.

    `holder`: a random id of the call.
    """

    def take(self, fresh: Checkpoint, holder: str, now: datetime, until: datetime) -> Checkpoint | None:
        """Takes the lease, and returns the reconciliation of that name as it stands, or `fresh` if there is none.

        None while another call holds the lease.
        """

    def save(self, checkpoint: Checkpoint, holder: str, until: datetime) -> bool:
        """Saves the checkpoint and renews the lease until then; False if another call holds the lease."""

    def reported_until(self) -> datetime | None:
        """Until when reconciliations' changes are in a daily report; None before the first daily reconciliation."""

    def note_reported(self, until: datetime) -> None:
        """Saves `reported_until`. The later of two moments stays."""

    def give_back(self, checkpoint: Checkpoint, holder: str) -> None:
        """Ends the lease; no effect if another call holds it."""
