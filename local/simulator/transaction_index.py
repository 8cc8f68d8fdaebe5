"""The order of the transaction list, newest first, and its cursors. The cost of a page does not grow with the list."""

from __future__ import annotations

import base64
import binascii
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from local.simulator.exact_json import Json
from local.simulator.transaction import Transaction, iso_timestamp

Key = tuple[str, str]


class CursorError(ValueError):
    """A cursor that this list did not issue."""


@dataclass(frozen=True, slots=True)
class Page:
    transaction_ids: tuple[str, ...]
    total: int
    next_cursor: str | None
    previous_cursor: str | None


@dataclass(frozen=True, slots=True)
class DayRange:
    """Whole days in UTC, both ends included."""

    first: date | None = None
    last: date | None = None

    def bounds(self, keys: list[Key]) -> tuple[int, int]:
        low = bisect_left(keys, (self.first.isoformat(), "")) if self.first else 0
        if self.last is None or self.last == date.max:
            return low, len(keys)
        return low, bisect_left(keys, ((self.last + timedelta(days=1)).isoformat(), ""))


@dataclass(frozen=True, slots=True)
class ListOverride:
    """Changes one transaction's row in the list; the status endpoint is not affected."""

    hidden: bool = False
    stale: bool = False  # the row shows the version before the last change
    row: Mapping[str, Json] = field(default_factory=dict)  # columns with other values


class TransactionIndex:
    def __init__(self) -> None:
        self._keys: dict[str, list[Key]] = {"test": [], "live": []}

    def add(self, transaction: Transaction) -> None:
        """Adding a transaction again changes nothing."""
        keys, key = self._keys[transaction.order.mode], _key(transaction.created_at, transaction.transaction_id)
        position = bisect_left(keys, key)
        if keys[position : position + 1] != [key]:
            keys.insert(position, key)

    def remove(self, transaction: Transaction) -> None:
        keys, key = self._keys[transaction.order.mode], _key(transaction.created_at, transaction.transaction_id)
        position = bisect_left(keys, key)
        if keys[position : position + 1] == [key]:
            del keys[position]

    def page(self, mode: str, span: DayRange, size: int, after: str | None, before: str | None) -> Page:
        keys = self._keys[mode]
        low, high = span.bounds(keys)
        if before is not None:  # towards the newer end
            start = bisect_left(keys, _decoded(before)) + 1
            first, last = max(low, start), min(high, start + size)
        else:
            last = max(low, bisect_left(keys, _decoded(after), low, high)) if after is not None else high
            first = max(low, last - size)
        shown = keys[first:last][::-1]
        return Page(
            transaction_ids=tuple(transaction_id for _, transaction_id in shown),
            total=max(0, high - low),
            next_cursor=_cursor(shown[-1]) if shown and first > low else None,
            previous_cursor=_cursor(shown[0]) if shown and last < high else None,
        )


def _key(created_at: datetime, transaction_id: str) -> Key:
    return iso_timestamp(created_at) or "", transaction_id


def _cursor(key: Key) -> str:
    return base64.urlsafe_b64encode("|".join(key).encode()).decode().rstrip("=")


def _decoded(cursor: str) -> Key:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, ValueError):
        raise CursorError(cursor) from None
    created_at, bar, transaction_id = text.partition("|")
    if not bar:
        raise CursorError(cursor)
    return created_at, transaction_id
