"""Progress: how far a sweep has come, and the checkpoint that lets the next call go on where this one stopped.

It holds counts, totals and a place, never rows: its size does not depend on how much is swept.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, Protocol, Self

from payments.books import Books
from payments.findings import Finding
from payments.listing import Span

Phase = Literal["listing", "unlisted", "report", "done"]


@dataclass(frozen=True, slots=True)
class ReportPlace:
    """Keys in the bucket."""

    json: str
    csv: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One sweep. `cursor` is the gateway's while it is walked, then a place in our own index.

    `landmark`: a cursor seen earlier in this walk, so that a walk in circles is noticed. `parts`: report parts written.
    `questions`: differences that the status API was asked about. `listed`: payments to be crossed off the index next.
    """

    span: Span
    live: bool
    started_at: datetime
    phase: Phase = "listing"
    cursor: str | None = None
    landmark: str | None = None
    pages: int = 0
    restarts: int = 0
    rows: int = 0
    listed_total: int | None = None
    parts: int = 0
    questions: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    books: Books = field(default_factory=dict)
    listed: tuple[str, ...] = ()
    finished_at: datetime | None = None
    report: ReportPlace | None = None

    def walked_again(self) -> Self:
        """The same sweep, at the first page once more: what it has found it will find again, in the payments."""
        return replace(
            self,
            phase="listing",
            cursor=None,
            landmark=None,
            pages=0,
            restarts=self.restarts + 1,
            rows=0,
            listed_total=None,
            parts=0,
            counts={},
            books={},
            listed=(),
        )

    def counted(self, findings: Iterable[Finding]) -> Self:
        """With a page's findings, which are one more part of the report if there are any."""
        counts = dict(self.counts)
        for each in findings:
            counts[each.finding] = counts.get(each.finding, 0) + 1
        return replace(self, counts=counts, parts=self.parts + 1) if counts != self.counts else self


def begun(span: Span, *, live: bool, at: datetime) -> Progress:
    """A sweep before its first page. The start is told in milliseconds, as it is kept."""
    return Progress(span=span, live=live, started_at=at.replace(microsecond=at.microsecond // 1000 * 1000))


class Checkpoints(Protocol):
    """Where sweeps are kept between calls. One call at a time has a sweep; its `holder` is a random word."""

    def take(self, fresh: Progress, holder: str, now: datetime, until: datetime) -> Progress | None:
        """The sweep of that span as it stands, `fresh` when there is none; None while another call has it."""

    def save(self, progress: Progress, holder: str, until: datetime) -> bool:
        """Writes it and holds it until then; False when another call has taken it."""

    def give_back(self, progress: Progress, holder: str) -> None:
        """Lets the next call have it; nothing when another has taken it."""
