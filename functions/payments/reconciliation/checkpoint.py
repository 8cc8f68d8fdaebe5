"""Progress: how far a reconciliation has come, and the checkpoint that lets the next call go on where this one stopped.

It holds counts, totals and a place, never rows: its size does not depend on how much is reconciled.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, Protocol, Self

from payments.reconciliation.discrepancy import Discrepancy
from payments.reconciliation.totals import TotalsByCurrency
from payments.reconciliation.transaction_list import Span

Phase = Literal["listing", "unlisted", "report", "done", "stuck"]


@dataclass(frozen=True, slots=True)
class ReportPlace:
    """Keys in the bucket."""

    json: str
    csv: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """One reconciliation. `cursor` is the gateway's while it is walked, then a place in our own index.

    `landmark`: a cursor seen earlier in this walk, so that a walk in circles is noticed. `parts`: report parts written.
    `doubts`: those that this reconciliation has had. `listed`: payments to be crossed off the index next.
    `since`: from when on what reconciliations have settled is this one's to tell. `daily`: it is the schedule's. `before`: marks
    of the last rows. `doubt`: why the list is not to be taken for whole, or where it is stuck.
    """

    span: Span
    live: bool
    started_at: datetime
    since: datetime
    daily: bool = False
    phase: Phase = "listing"
    cursor: str | None = None
    cycle_marker: str | None = None
    pages: int = 0
    restarts: int = 0
    rows: int = 0
    listed_total: int | None = None
    parts: int = 0
    doubts: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    totals: TotalsByCurrency = field(default_factory=dict)
    listed: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    doubt: str | None = None
    finished_at: datetime | None = None
    report: ReportPlace | None = None

    @property
    def is_complete(self) -> bool:
        """Whether both books were compared to their end."""
        return self.phase == "done" and self.doubt is None

    def walked_again(self) -> Self:
        """The same reconciliation, at the first page once more: what it has found it will find again, in the payments."""
        return replace(
            self,
            phase="listing",
            cursor=None,
            cycle_marker=None,
            pages=0,
            restarts=self.restarts + 1,
            rows=0,
            listed_total=None,
            parts=0,
            counts={},
            totals={},
            listed=(),
            before=(),
            doubt=None,
        )

    def counted(self, discrepancies: Iterable[Discrepancy]) -> Self:
        """With a page's discrepancies, which are one more part of the report if there are any."""
        counts = dict(self.counts)
        for each in discrepancies:
            counts[each.discrepancy] = counts.get(each.discrepancy, 0) + 1
        return replace(self, counts=counts, parts=self.parts + 1) if counts != self.counts else self


def begun(span: Span, *, live: bool, at: datetime) -> Checkpoint:
    """A reconciliation before its first page. The start is told in milliseconds, as it is kept."""
    at = at.replace(microsecond=at.microsecond // 1000 * 1000)
    return Checkpoint(span=span, live=live, started_at=at, since=at)


class CheckpointStore(Protocol):
    """Where reconciliations are kept between calls. One call at a time has a reconciliation; its `holder` is a random word."""

    def take(self, fresh: Checkpoint, holder: str, now: datetime, until: datetime) -> Checkpoint | None:
        """The reconciliation of that span as it stands, `fresh` when there is none; None while another call has it."""

    def save(self, checkpoint: Checkpoint, holder: str, until: datetime) -> bool:
        """Writes it and holds it until then; False when another call has taken it."""

    def told_until(self) -> datetime | None:
        """Up to when all that reconciliations have settled is in a report of the schedule's; None before its first reconciliation."""

    def note_told(self, at: datetime) -> None:
        """Writes it down. The later one of two moments stays."""

    def give_back(self, checkpoint: Checkpoint, holder: str) -> None:
        """Lets the next call have it; nothing when another has taken it."""
