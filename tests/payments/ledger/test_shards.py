"""Items that an earlier version stored under one of eight shards are still found among the present ones."""

from collections.abc import Iterator
from typing import Any

import pytest

from payments.ledger.backlog import DynamoFollowUpIndex
from payments.ledger.payment_items import SHARDS, UNLISTED_SHARDS, shard_of
from payments.ledger.payments import DynamoLedger
from payments.model.status import Status
from tests.payments.ledger import tables
from tests.payments.ledger.payment_steps import claimed, due_payments, stored, transitioned

EARLIER = 8


@pytest.fixture
def table(client: Any) -> Iterator[str]:
    with tables.made(client) as name:
        yield name


def shard_in(client: Any, table: str, payment_id: str) -> int:
    item = client.get_item(TableName=table, Key={"pk": {"S": payment_id}})["Item"]
    return int(item["follow_up_shard"]["N"])


def test_an_item_with_an_earlier_shard_is_found_leased_and_moves_with_its_next_write(client: Any, table: str) -> None:
    ledger = DynamoLedger(client, table)
    payments = [claimed(ledger, key=f"key-{nth}", order_id=None) for nth in range(40)]
    moved = [payment for payment in payments if shard_of(payment.id) >= EARLIER]
    assert moved
    for payment in payments:
        client.update_item(
            TableName=table,
            Key={"pk": {"S": payment.id}},
            UpdateExpression="SET follow_up_shard = :earlier",
            ExpressionAttributeValues={":earlier": {"N": str(shard_of(payment.id) % EARLIER)}},
        )

    found = due_payments(ledger)
    assert {due.payment_id for due in found} == {payment.id for payment in payments}
    assert len(list(DynamoFollowUpIndex(client, table).unfinished())) == len(payments)
    assert all(ledger.lease(due, due.due_at) is not None for due in found)
    for payment in moved:
        transitioned(ledger, stored(ledger, payment), Status.PENDING)
        assert shard_in(client, table, payment.id) == shard_of(payment.id)


def test_every_shard_number_that_was_ever_stored_is_read() -> None:
    assert SHARDS % EARLIER == 0, "a payment of an earlier shard goes to one of the same numbers, or higher"
    assert SHARDS % UNLISTED_SHARDS == 0, "the mark of an unlisted payment stays what it was"
