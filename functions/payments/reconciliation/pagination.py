"""Pagination: reads the gateway's list page by page. A cursor may go stale, or lead in a circle and never end."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from payments.errors import SecretUnusable
from payments.ports.gateway import CredentialsRefused, GatewayError, Refused
from payments.ports.runtime import Telemetry
from payments.reconciliation.checkpoint import Checkpoint
from payments.reconciliation.errors import ListStuck, ListUnanswered, OutOfTime
from payments.reconciliation.transaction_list import ListedRow, Page, TransactionList, UnreadableRow

PAGE_SECONDS: Final = 20.0
"""The longest that one page may take: the gateway may be slow to count a list of months."""

WAITS: Final = (1.0, 3.0)
"""Seconds before a page is asked for again. Longer outages are left to the next call."""

MIN_PAGE_SECONDS: Final = 5.0
"""With less time left in the process no page is asked for."""

RESTARTS: Final = 3
"""How often one reconciliation restarts at page one after a refused cursor. If each is refused, it would never end."""

MAX_ROWS: Final = 100_000_000
"""More rows than any account has in a span. A list that exceeds it, and gives no total, repeats its pages."""

SLACK: Final = 1000
"""How many rows beyond twice the announced ones, and pages beyond twice the new rows, a list may have: it moves while
it is read. With more it repeats pages under new cursors and never ends. So there is no limit to an honest list."""

FEW_UNREADABLE: Final = 10
"""So many rows may be unreadable if they are not most of the list. Above it, a tenth makes the list incomplete."""

REMEMBERED: Final = 100
"""How many rows' marks are kept between pages and calls: new payments push old ones to the next page."""

MARK_LENGTH: Final = 12
"""Characters of a hash that stand for a transaction: 48 bits, among a few hundred rows."""


@dataclass(frozen=True, slots=True)
class Paginator:
    """The pages that one call reads. `seconds_left`: until the process ends."""

    listing: TransactionList
    telemetry: Telemetry
    seconds_left: Callable[[], float]
    pause: Callable[[float], None]

    def page(self, checkpoint: Checkpoint) -> Page | None:
        """The next page, without rows that came before exactly as they are now.

        None if the cursor was refused because it is stale. Raises ListUnanswered, OutOfTime.
        """
        try:
            page = self._fetch(checkpoint)
        except Refused as error:
            if checkpoint.cursor is None or isinstance(error, CredentialsRefused):
                raise self._unanswered(error) from error
            return None
        return replace(page, rows=_new_rows(page.rows, checkpoint.recent_rows))

    def advance(self, checkpoint: Checkpoint, page: Page) -> Checkpoint:
        """The reconciliation at its next page, or in its next phase after the last one. Raises ListStuck."""
        rows = checkpoint.rows + len(page.rows)
        total = page.total if checkpoint.listed_total is None else checkpoint.listed_total
        marks = [row_mark(row) for row in page.rows if isinstance(row, ListedRow)]
        recent_rows = (*checkpoint.recent_rows, *marks)[-REMEMBERED:]
        checkpoint = replace(
            checkpoint, rows=rows, listed_total=total, pages=checkpoint.pages + 1, recent_rows=recent_rows
        )
        if not page.has_next:
            return self._end_of_list(checkpoint)
        if page.next_cursor is None:
            raise ListStuck("no_cursor")
        if page.next_cursor in (checkpoint.cursor, checkpoint.cycle_marker):
            raise ListStuck("cursor_again")
        if rows > (MAX_ROWS if total is None else 2 * total + SLACK) or checkpoint.pages > 2 * rows + SLACK:
            raise ListStuck("too_many_rows")
        # A new marker at each power of two: a circle of any length is noticed, and only one cursor is kept.
        is_power_of_two = checkpoint.pages & (checkpoint.pages - 1) == 0
        return replace(
            checkpoint,
            cursor=page.next_cursor,
            cycle_marker=page.next_cursor if is_power_of_two else checkpoint.cycle_marker,
        )

    def restart(self, checkpoint: Checkpoint) -> Checkpoint:
        """The reconciliation at page one again. Raises ListStuck after too many restarts."""
        if checkpoint.restarts >= RESTARTS:
            raise ListStuck("cursor_refused")
        return checkpoint.restarted()

    def end_incomplete(self, checkpoint: Checkpoint, why: str) -> Checkpoint:
        """The reconciliation after a list that may have holes: nothing is concluded from what it does not show."""
        self.telemetry.note(
            "reconciliation_doubtful", why=why, rows=checkpoint.rows, total=checkpoint.listed_total or 0
        )
        return replace(checkpoint, incomplete_because=checkpoint.incomplete_because or why).list_done()

    def _end_of_list(self, checkpoint: Checkpoint) -> Checkpoint:
        counts, before = checkpoint.counts, checkpoint.before.counts
        unreadable = counts.get("unreadable_row", 0) - before.get("unreadable_row", 0)
        if checkpoint.listed_total is not None and checkpoint.rows < checkpoint.listed_total:
            return self.end_incomplete(checkpoint, "fewer rows than announced")
        if 2 * unreadable > checkpoint.rows or (unreadable > FEW_UNREADABLE and 10 * unreadable > checkpoint.rows):
            return self.end_incomplete(checkpoint, "rows that cannot be read")
        return replace(checkpoint, phase="unlisted", cursor=None, cycle_marker=None)

    def _fetch(self, checkpoint: Checkpoint) -> Page:
        for wait in (*WAITS, None):
            seconds = min(PAGE_SECONDS, self.seconds_left() - MIN_PAGE_SECONDS)
            if seconds <= 0:
                raise OutOfTime("this call has no time left for another page")
            try:
                return self.listing.page(checkpoint.span, checkpoint.cursor, seconds)
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
        self.telemetry.note("reconciliation_page_unanswered", error=type(error).__name__)
        return ListUnanswered(f"a page of the gateway's list cannot be had ({type(error).__name__})")


def row_mark(row: ListedRow) -> str:
    """The mark of a row: the mark of its transaction, then a hash of the whole row."""
    return f"{transaction_mark(row.transaction.transaction_id)}{_hash(repr(row))}"


def transaction_mark(transaction_id: str) -> str:
    """The part of a mark that all rows of a transaction share."""
    return _hash(transaction_id)


def marked_transactions(marks: Iterable[str]) -> frozenset[str]:
    """The transactions' marks of rows' marks."""
    return frozenset(mark[:MARK_LENGTH] for mark in marks)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:MARK_LENGTH]


def _new_rows(rows: Iterable[ListedRow | UnreadableRow], recent: Iterable[str]) -> list[ListedRow | UnreadableRow]:
    """Each row once. A second row of a transaction is another row if anything in it differs."""
    seen, new = set(recent), list[ListedRow | UnreadableRow]()
    for row in rows:
        if isinstance(row, ListedRow):
            if row_mark(row) in seen:
                continue
            seen.add(row_mark(row))
        new.append(row)
    return new
