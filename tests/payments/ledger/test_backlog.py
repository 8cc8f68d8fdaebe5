"""The follow-up index has all unfinished payments and every attribute that is read of them."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from payments.follow_up.backlog import UnfinishedPayment
from payments.ledger import payment_items
from payments.ledger.backlog import DynamoFollowUpIndex
from payments.ledger.payments import DynamoLedger
from payments.model.money import Money
from payments.model.status import Status
from tests.fakes import samples
from tests.fakes.clock import START
from tests.house import deployed_template
from tests.payments.ledger import tables
from tests.payments.ledger.payment_steps import claimed, stored, transitioned


@pytest.fixture
def table(client: Any) -> Iterator[str]:
    with tables.made(client) as name:
        yield name


@pytest.fixture
def ledger(client: Any, table: str) -> DynamoLedger:
    return DynamoLedger(client, table)


@pytest.fixture
def index(client: Any, table: str) -> DynamoFollowUpIndex:
    return DynamoFollowUpIndex(client, table)


def test_a_claim_is_on_the_index_with_its_money_and_creation_time(
    ledger: DynamoLedger, index: DynamoFollowUpIndex
) -> None:
    claimed(ledger, money=Money(499, "EUR"))

    assert list(index.unfinished()) == [UnfinishedPayment(Status.PROCESSING, Money(499, "EUR"), START, unpublished=1)]


def test_a_verdict_stays_on_the_index_until_it_is_published(ledger: DynamoLedger, index: DynamoFollowUpIndex) -> None:
    payment = transitioned(ledger, claimed(ledger), Status.SUCCEEDED)
    assert [(each.status, each.unpublished) for each in index.unfinished()] == [(Status.SUCCEEDED, 2)]

    ledger.advance(stored(ledger, payment), 2)
    assert list(index.unfinished()) == []


def test_a_published_event_no_longer_counts_as_unpublished(ledger: DynamoLedger, index: DynamoFollowUpIndex) -> None:
    payment = transitioned(ledger, claimed(ledger), Status.SUCCEEDED)
    ledger.advance(payment, 1)

    assert [each.unpublished for each in index.unfinished()] == [1]


def test_a_payment_that_is_not_due_yet_is_on_the_index(ledger: DynamoLedger, index: DynamoFollowUpIndex) -> None:
    payment = claimed(ledger)
    ledger.save(payment, payment.asked_again(START + timedelta(days=1)))

    assert len(list(index.unfinished())) == 1


def test_every_shard_is_read(ledger: DynamoLedger, index: DynamoFollowUpIndex) -> None:
    keys = [f"key-{nth}" for nth in range(250)]
    shards = {payment_items.shard_of(claimed(ledger, key=key, order_id=None).id) for key in keys}

    assert shards == set(range(payment_items.SHARDS))
    assert len(list(index.unfinished())) == len(keys)


def test_the_index_projects_what_is_read_and_no_card_data(client: Any, table: str, ledger: DynamoLedger) -> None:
    claimed(ledger, card=samples.card().facts)
    (found,) = client.scan(TableName=table, IndexName="follow_up")["Items"]
    indexes = deployed_template.written()["Resources"]["PaymentsTable"]["Properties"]["GlobalSecondaryIndexes"]
    (described,) = [index for index in indexes if index["IndexName"] == "follow_up"]

    carried = set(described["Projection"]["NonKeyAttributes"])
    assert set(found) == carried | {"pk", "follow_up_shard", "follow_up_at"}
