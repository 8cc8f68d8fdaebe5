"""Reads the follow-up index, which projects the few attributes needed here. The payments' items are not read."""

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

MAX_PER_SHARD: Final = 250
"""Payments read per shard: 8,000 in all, about 8 read units a shard. With more, the numbers are too low."""


class DynamoFollowUpIndex:
    """Meets the FollowUpIndex port. `client` is boto3's DynamoDB client."""

    def __init__(self, client: Any, table: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self._table = Table(client, table, sleep)

    def unfinished(self) -> Iterator[UnfinishedPayment]:
        """See `FollowUpIndex.unfinished`."""
        for shard in range(payment_items.SHARDS):
            for item in self._table.query(INDEX, IN_SHARD, {":shard": shard}, MAX_PER_SHARD):
                yield UnfinishedPayment(
                    status=Status(item["status"]),
                    money=Money(int(item["amount"]), item["currency"]),
                    created_at=parse_iso(item["created_at"]),
                    unpublished=int(item["version"]) - int(item["published"]),
                )
