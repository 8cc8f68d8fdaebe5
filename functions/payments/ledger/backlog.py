"""What is on the follow-up index, without touching the payments themselves: the index carries the few facts needed."""

import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from payments.follow_up.backlog import UnfinishedPayment
from payments.ledger import payment_items
from payments.ledger.table import Table
from payments.model.money import Money
from payments.model.status import Status
from payments.model.timestamps import parse_iso

INDEX: Final = "follow_up"
IN_SHARD: Final = "follow_up_shard = :shard"

LOOKED_AT: Final = 1000
"""Payments read of each shard: 8,000 in all, 250 KB each, about 250 read units. Past that the outlook is a floor."""


class DynamoFollowUpIndex:
    """Meets the FollowUpIndex port. `client` is boto3's DynamoDB client."""

    def __init__(self, client: Any, table: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self._table = Table(client, table, sleep)

    def unfinished(self) -> Iterator[UnfinishedPayment]:
        """See `FollowUpIndex.unsettled`."""
        for shard in range(payment_items.SHARDS):
            for found in self._table.query(INDEX, IN_SHARD, {":shard": shard}, LOOKED_AT):
                yield UnfinishedPayment(
                    status=Status(found["status"]),
                    money=Money(int(found["amount"]), found["currency"]),
                    created_at=parse_iso(found["created_at"]),
                    unpublished=int(found["version"]) - int(found["published"]),
                )
