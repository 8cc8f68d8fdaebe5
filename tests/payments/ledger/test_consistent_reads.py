"""Each read of an item by its key is consistent: an older state could send a charge again, or hide a verdict.

An emulator always reads the newest state, so the requests are looked at, not their results.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from payments.ledger.payments import DynamoLedger
from payments.ledger.reconciliation import DynamoReconciliationLedger
from tests.fakes import samples
from tests.payments.ledger import tables


@pytest.fixture
def reads(client: Any) -> Iterator[list[dict[str, Any]]]:
    """The part of each request that says how to read: of a whole GetItem, or of one table of a BatchGetItem."""
    seen: list[dict[str, Any]] = []

    def note(params: dict[str, Any], **_: Any) -> None:
        seen.extend(params["RequestItems"].values() if "RequestItems" in params else [params])

    events = ("provide-client-params.dynamodb.GetItem", "provide-client-params.dynamodb.BatchGetItem")
    for event in events:
        client.meta.events.register(event, note)
    yield seen
    for event in events:
        client.meta.events.unregister(event, note)


@pytest.fixture
def table(client: Any) -> Iterator[str]:
    with tables.made(client) as name:
        yield name


def test_a_payment_and_the_lock_of_its_order(client: Any, table: str, reads: list[dict[str, Any]]) -> None:
    ledger = DynamoLedger(client, table)
    payment = samples.payment(order_id="order-1")
    ledger.claim(payment, None)

    ledger.get(payment.id)
    ledger.order("order-1", live=payment.live)

    assert [read.get("ConsistentRead") for read in reads] == [True, True]


def test_the_payments_of_a_page_of_the_gateways_list(client: Any, table: str, reads: list[dict[str, Any]]) -> None:
    ledger = DynamoReconciliationLedger(client, table)

    ledger.standing([samples.payment().id])
    ledger.sent_under(["order-1"], live=False)

    assert [read.get("ConsistentRead") for read in reads] == [True, True]


def test_only_a_read_that_asks_for_it_may_be_a_second_old(client: Any, table: str, reads: list[dict[str, Any]]) -> None:
    """The first look at a page. Whatever does not agree by it is read again."""
    ledger = DynamoReconciliationLedger(client, table)
    payment = samples.payment(order_id="order-1")
    ledger.claim(payment, None)

    ledger.standing([payment.id], consistent=False)
    assert ledger.sent_under(["order-1"], live=False, consistent=False)["order-1"].payment == payment

    assert [read.get("ConsistentRead") for read in reads] == [False, False, False]
