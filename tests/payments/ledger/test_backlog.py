"""The follow-up index tells what is open, and nothing more has to be read for it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from payments.follow_up.backlog import UnfinishedPayment
from payments.ledger import payment_items
from payments.ledger.backlog import DynamoFollowUpIndex
from payments.ledger.payments import DynamoLedger
from payments.model.money import Money
from payments.model.status import Status
from tests.fakes import samples
from tests.fakes.clock import START
from tests.house import deployed_template as estate
from tests.payments.ledger import tables
from tests.payments.ledger.payment_steps import claimed, moved, standing


@pytest.fixture
def client() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("dynamodb", region_name="eu-west-1", aws_access_key_id="test", aws_secret_access_key="test")


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


def test_a_claim_is_open_with_its_money_and_its_age(ledger: DynamoLedger, index: DynamoFollowUpIndex) -> None:
    claimed(ledger, money=Money(499, "EUR"))

    assert list(index.unfinished()) == [UnfinishedPayment(Status.PROCESSING, Money(499, "EUR"), START, unpublished=1)]


def test_a_verdict_stays_until_the_bus_has_heard_it(ledger: DynamoLedger, index: DynamoFollowUpIndex) -> None:
    payment = moved(ledger, claimed(ledger), Status.SUCCEEDED)
    assert [(each.status, each.unpublished) for each in index.unfinished()] == [(Status.SUCCEEDED, 2)]

    ledger.advance(standing(ledger, payment), 2)
    assert list(index.unfinished()) == []


def test_what_is_not_due_yet_is_open_all_the_same(ledger: DynamoLedger, index: DynamoFollowUpIndex) -> None:
    payment = claimed(ledger)
    ledger.save(payment, payment.asked_again(START + timedelta(days=1)))

    assert len(list(index.unfinished())) == 1


def test_each_shard_is_read(ledger: DynamoLedger, index: DynamoFollowUpIndex) -> None:
    keys = [f"key-{nth}" for nth in range(60)]
    shards = {payment_items.shard_of(claimed(ledger, key=key, order_id=None).id) for key in keys}

    assert shards == set(range(payment_items.SHARDS))
    assert len(list(index.unfinished())) == len(keys)


def test_the_index_carries_what_is_read_of_it_and_nothing_of_the_card(
    client: Any, table: str, ledger: DynamoLedger
) -> None:
    claimed(ledger, card=samples.card().facts)
    (found,) = client.scan(TableName=table, IndexName="follow_up")["Items"]
    indexes = estate.written()["Resources"]["PaymentsTable"]["Properties"]["GlobalSecondaryIndexes"]
    (described,) = [index for index in indexes if index["IndexName"] == "follow_up"]

    carried = set(described["Projection"]["NonKeyAttributes"])
    assert set(found) == carried | {"pk", "follow_up_shard", "follow_up_at"}
