"""Walking: the gateway's list page by page, with cursors that may go stale, or lead in circles: never finished then."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from payments.errors import (
    CredentialsRefused,
    GatewayError,
    ListStuck,
    ListUnanswered,
    OutOfTime,
    Refused,
    SecretUnusable,
)
from payments.listing import ListedRow, Page, TransactionList, UnreadableRow
from payments.ports import Telemetry
from payments.progress import Progress

PAGE_SECONDS: Final = 20.0
"""The longest that one page may take: a list of months may be slow to count."""

WAITS: Final = (1.0, 3.0)
"""Seconds before a page is tried again. Longer outages are the next call's business."""

LEAST_SECONDS: Final = 5.0
"""With less time left in the call no page is asked for."""

RESTARTS: Final = 3
"""How often a walk begins again in one sweep when its cursor is refused: one that always is leads nowhere."""


@dataclass(slots=True)
class Walk:
    """The walk of one call. `seconds_left`: until the process ends. `before`: ids of the page before."""

    listing: TransactionList
    telemetry: Telemetry
    seconds_left: Callable[[], float]
    pause: Callable[[float], None]
    before: frozenset[str] = frozenset()

    def page(self, progress: Progress) -> Page | None:
        """The next page, without the rows of the page before: new payments push old ones over the edge of a page.

        None when the cursor was refused, for it has grown stale. Raises ListUnanswered, OutOfTime.
        """
        try:
            page = self._fetched(progress)
        except Refused as error:
            if progress.cursor is None or isinstance(error, CredentialsRefused):
                raise self._unanswered(error) from error
            return None
        fresh = [row for row in page.rows if not (isinstance(row, ListedRow) and _id(row) in self.before)]
        self.before = frozenset(_id(row) for row in page.rows if isinstance(row, ListedRow))
        return replace(page, rows=_once(fresh))

    def turned(self, progress: Progress, page: Page) -> Progress:
        """The sweep at its next page, or in its next phase after the last one. Raises ListStuck."""
        rows = progress.rows + len(page.rows)
        total = page.total if progress.listed_total is None else progress.listed_total
        progress = replace(progress, rows=rows, listed_total=total, pages=progress.pages + 1)
        if not page.has_next:
            if total is not None and rows < total:
                self.telemetry.note("sweep_doubtful", why="fewer rows than announced", rows=rows, total=total)
            return replace(progress, phase="unlisted", cursor=None, landmark=None)
        if page.next_cursor is None:
            raise ListStuck("no_cursor")
        if page.next_cursor in (progress.cursor, progress.landmark):
            raise ListStuck("cursor_again")
        # A landmark at each power of two: a circle of any length is noticed, and only one cursor is kept.
        is_landmark = progress.pages & (progress.pages - 1) == 0
        return replace(
            progress, cursor=page.next_cursor, landmark=page.next_cursor if is_landmark else progress.landmark
        )

    def restarted(self, progress: Progress) -> Progress:
        """The sweep at its first page again. Raises ListStuck when that has been tried often enough."""
        self.before = frozenset()
        if progress.restarts >= RESTARTS:
            raise ListStuck("cursor_refused")
        return progress.walked_again()

    def _fetched(self, progress: Progress) -> Page:
        for wait in (*WAITS, None):
            seconds = min(PAGE_SECONDS, self.seconds_left() - LEAST_SECONDS)
            if seconds <= 0:
                raise OutOfTime("this call has no time left for another page")
            try:
                return self.listing.page(progress.span, progress.cursor, seconds)
            except Refused:
                raise
            except SecretUnusable as error:
                raise self._unanswered(error) from error
            except GatewayError as error:
                if wait is None:
                    raise self._unanswered(error) from error
                self.pause(wait)
        raise AssertionError("the last try returns or raises")

    def _unanswered(self, error: Exception) -> ListUnanswered:
        self.telemetry.note("sweep_page_unanswered", error=type(error).__name__)
        return ListUnanswered(f"a page of the gateway's list cannot be had ({type(error).__name__})")


def _id(row: ListedRow) -> str:
    return row.report.transaction_id


def _once(rows: list[ListedRow | UnreadableRow]) -> list[ListedRow | UnreadableRow]:
    """Each transaction once, the first time it is there."""
    seen: set[str] = set()
    kept: list[ListedRow | UnreadableRow] = []
    for row in rows:
        if isinstance(row, ListedRow):
            if _id(row) in seen:
                continue
            seen.add(_id(row))
        kept.append(row)
    return kept
