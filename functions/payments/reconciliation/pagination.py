"""Walking: the gateway's list page by page, with cursors that go stale, or lead in circles: never finished then."""

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
"""The longest that one page may take: a list of months may be slow to count."""

WAITS: Final = (1.0, 3.0)
"""Seconds before a page is tried again. Longer outages are the next call's business."""

MIN_PAGE_SECONDS: Final = 5.0
"""With less time left in the call no page is asked for."""

RESTARTS: Final = 3
"""How often a walk begins again in one reconciliation when its cursor is refused: one that always is leads nowhere."""


MAX_PAGES: Final = 100_000
"""More than any account has in a span: the cursors are new each time, and lead in a circle all the same."""

FEW: Final = 10
"""So many rows may be unreadable, as long as they are not most of the list; from then on a tenth puts it in doubt."""

REMEMBERED: Final = 100
"""Rows whose marks are kept from page to page, and from call to call: new payments push old ones over a page's edge."""


ID_MARK: Final = 12
"""Characters of a mark that stand for the transaction: 48 bits, among a few hundred rows."""


@dataclass(frozen=True, slots=True)
class Paginator:
    """The walk of one call. `seconds_left`: until the process ends."""

    listing: TransactionList
    telemetry: Telemetry
    seconds_left: Callable[[], float]
    pause: Callable[[float], None]

    def page(self, checkpoint: Checkpoint) -> Page | None:
        """The next page, without the rows that have been there before, as they are now.

        None when the cursor was refused, for it has grown stale. Raises ListUnanswered, OutOfTime.
        """
        try:
            page = self._fetched(checkpoint)
        except Refused as error:
            if checkpoint.cursor is None or isinstance(error, CredentialsRefused):
                raise self._unanswered(error) from error
            return None
        return replace(page, rows=_fresh(page.rows, checkpoint.before))

    def turned(self, checkpoint: Checkpoint, page: Page) -> Checkpoint:
        """The reconciliation at its next page, or in its next phase after the last one. Raises ListStuck."""
        rows = checkpoint.rows + len(page.rows)
        total = page.total if checkpoint.listed_total is None else checkpoint.listed_total
        before = (*checkpoint.before, *(mark(row) for row in page.rows if isinstance(row, ListedRow)))[-REMEMBERED:]
        checkpoint = replace(checkpoint, rows=rows, listed_total=total, pages=checkpoint.pages + 1, before=before)
        if not page.has_next:
            return self._walked(checkpoint)
        if page.next_cursor is None:
            raise ListStuck("no_cursor")
        if page.next_cursor in (checkpoint.cursor, checkpoint.cycle_marker):
            raise ListStuck("cursor_again")
        if checkpoint.pages >= MAX_PAGES or (total is not None and rows > 2 * total + 1000):
            raise ListStuck("too_many_rows")
        # A landmark at each power of two: a circle of any length is noticed, and only one cursor is kept.
        is_landmark = checkpoint.pages & (checkpoint.pages - 1) == 0
        return replace(
            checkpoint,
            cursor=page.next_cursor,
            cycle_marker=page.next_cursor if is_landmark else checkpoint.cycle_marker,
        )

    def restarted(self, checkpoint: Checkpoint) -> Checkpoint:
        """The reconciliation at its first page again. Raises ListStuck when that has been tried often enough."""
        if checkpoint.restarts >= RESTARTS:
            raise ListStuck("cursor_refused")
        return checkpoint.walked_again()

    def doubted(self, checkpoint: Checkpoint, why: str) -> Checkpoint:
        """The reconciliation of a list that is not to be taken for whole: what it does not show, says nothing, and is left."""
        self.telemetry.note(
            "reconciliation_doubtful", why=why, rows=checkpoint.rows, total=checkpoint.listed_total or 0
        )
        return replace(checkpoint, phase="report", cursor=None, cycle_marker=None, doubt=why)

    def _walked(self, checkpoint: Checkpoint) -> Checkpoint:
        unreadable = checkpoint.counts.get("unreadable_row", 0)
        if checkpoint.listed_total is not None and checkpoint.rows < checkpoint.listed_total:
            return self.doubted(checkpoint, "fewer rows than announced")
        if 2 * unreadable > checkpoint.rows or (unreadable > FEW and 10 * unreadable > checkpoint.rows):
            return self.doubted(checkpoint, "rows that cannot be read")
        return replace(checkpoint, phase="unlisted", cursor=None, cycle_marker=None)

    def _fetched(self, checkpoint: Checkpoint) -> Page:
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


def mark(row: ListedRow) -> str:
    """The mark of a row: of its transaction, then of all that it says."""
    return f"{id_mark(row.transaction.transaction_id)}{_hash(repr(row))}"


def id_mark(transaction_id: str) -> str:
    """The part of a row's mark that is the same for each row of its transaction."""
    return _hash(transaction_id)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:ID_MARK]


def _fresh(rows: Iterable[ListedRow | UnreadableRow], before: Iterable[str]) -> list[ListedRow | UnreadableRow]:
    """Each row once. A second one of a transaction that says something else is another row."""
    seen, fresh = set(before), list[ListedRow | UnreadableRow]()
    for row in rows:
        if isinstance(row, ListedRow):
            if mark(row) in seen:
                continue
            seen.add(mark(row))
        fresh.append(row)
    return fresh
