"""Reads the due payments of the follow-up index, shard by shard."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from payments.ledger import payment_items
from payments.ledger.table import Table
from payments.ports.ledger import Due

INDEX: Final = "follow_up"
DUE_IN_SHARD: Final = "follow_up_shard = :shard AND follow_up_at <= :now"


class DueIndex:
    """The part of the table's adapter that finds due payments."""

    _table: Table

    @property
    def shards(self) -> range:
        """See `FollowUpLedger.shards`."""
        return range(payment_items.SHARDS)

    def due(
        self,
        now: datetime,
        limit: int,
        shards: Iterable[int] | None = None,
        after: Due | None = None,
        *,
        newest_first: bool = False,
    ) -> Iterator[Due]:
        """See `FollowUpLedger.due`."""
        for shard in self.shards if shards is None else shards:
            values = {":shard": shard, ":now": payment_items.stamp(now)}
            place = payment_items.place_on_index(after.payment_id, after.due_at, shard) if after else None
            found = self._table.query(INDEX, DUE_IN_SHARD, values, limit, after=place, backwards=newest_first)
            for item in found:
                at = payment_items.moment(item["follow_up_at"])
                if at is not None:
                    yield Due(item["pk"], at, has_events=int(item["version"]) > int(item["published"]))
