"""Plan: the days that one daily reconciliation compares. Pure.

The last days are compared each day. The older days of the window are cut into blocks of the calendar, and each block
has its day of the week: so an older day is compared once in seven days, and one run reads a seventh of them.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from payments.reconciliation.transaction_list import Span

WEEK: Final = 7
"""Days in which every older day is compared once."""

_ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DailyPlan:
    """`window`: all days that the daily reconciliations look at; its last day is yesterday.

    `daily`: how many of them, the last ones, are compared each day.
    """

    window: Span
    daily: int

    @property
    def today(self) -> date:
        """The day on which the reconciliation begins."""
        return self.window.last + _ONE_DAY

    def spans(self, previous: date | None = None, again: Collection[date] = ()) -> tuple[Span, ...]:
        """The days to compare, the newest first, as few spans as possible.

        `previous`: the day on which the last finished reconciliation began; None if there is none. Where days without
        a reconciliation lie between, their blocks are compared now. `again`: days of the window that are compared
        whatever their block, because something was left open there.
        """
        due = self._due_blocks(previous)
        wanted = (
            day
            for day in _days(self.window)
            if self._is_recent(day, previous) or self._block(day) % WEEK in due or day in again
        )
        return tuple(reversed(list(_merged(wanted))))

    def _is_recent(self, day: date, previous: date | None) -> bool:
        """Whether a day is one of the last ones, or was not over when the last finished reconciliation began."""
        return (self.today - day).days <= self.daily or (previous is not None and day >= previous)

    def _due_blocks(self, previous: date | None) -> frozenset[int]:
        """The blocks that are due, by their day of the week: those of today, and of each day since the last one."""
        days = 1 if previous is None else min(max((self.today - previous).days, 1), WEEK)
        return frozenset((self.today.toordinal() - before) % WEEK for before in range(days))

    def _block(self, day: date) -> int:
        """The number of a day's block. A block has as many days as a seventh of the older days, rounded up."""
        older = (self.window.last - self.window.first).days + 1 - self.daily
        return day.toordinal() // max(1, -(-older // WEEK))


def days_of(spans: Iterable[Span]) -> Iterator[date]:
    """Each day of some spans."""
    for span in spans:
        yield from _days(span)


def _days(span: Span) -> Iterator[date]:
    for nth in range((span.last - span.first).days + 1):
        yield span.first + timedelta(days=nth)


def _merged(days: Iterable[date]) -> Iterator[Span]:
    """Ascending days as spans without a gap."""
    span: Span | None = None
    for day in days:
        if span is not None and day == span.last + _ONE_DAY:
            span = Span(span.first, day)
            continue
        if span is not None:
            yield span
        span = Span(day, day)
    if span is not None:
        yield span
