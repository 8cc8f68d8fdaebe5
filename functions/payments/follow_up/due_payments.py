"""The order in which a run takes the due payments: the longest due first, with a share for the newest."""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final

from payments.ports.ledger import Due, FollowUpLedger

PAGE: Final = 25
"""Due payments read at a time from each shard: memory stays bounded, however many are due."""

OLDER_FOR_EACH_NEW: Final = 3
"""In a backlog, every fourth payment is the newest: its shopper may still be waiting. The others drain the backlog."""


@dataclass(frozen=True, slots=True)
class Share:
    """The part of the shards that one of the runs of a minute takes: every `runs`-th shard, from shard `run` on."""

    run: int = 0
    runs: int = 1

    def of(self, shards: Sequence[int]) -> list[int]:
        """The shards of this run."""
        return [shard for shard in shards if shard % self.runs == self.run]


def due_payments(ledger: FollowUpLedger, shards: Sequence[int], now: datetime) -> Iterator[Due]:
    """All due payments of the shards, read page by page. In a backlog a payment may come twice."""
    newest = _in_order(ledger, shards, now, newest_first=True)
    for nth, due in enumerate(_in_order(ledger, shards, now), start=1):
        yield due
        if nth > PAGE and nth % OLDER_FOR_EACH_NEW == 0:
            yield from islice(newest, 1)


def _in_order(
    ledger: FollowUpLedger, shards: Sequence[int], now: datetime, *, newest_first: bool = False
) -> Iterator[Due]:
    pages = [_in_shard(ledger, shard, now, newest_first=newest_first) for shard in shards]
    return heapq.merge(*pages, key=lambda due: due.due_at, reverse=newest_first)


def _in_shard(ledger: FollowUpLedger, shard: int, now: datetime, *, newest_first: bool) -> Iterator[Due]:
    last: Due | None = None
    while True:
        page = list(ledger.due(now, PAGE, (shard,), last, newest_first=newest_first))
        yield from page
        if len(page) < PAGE:
            return
        last = page[-1]
