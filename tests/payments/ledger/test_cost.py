"""The cost of a follow-up run, in read units, depends on the due payments and not on the number of all payments."""

import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from payments.follow_up.due_payments import PAGE
from payments.ledger import payment_items
from payments.ledger.expressions import typed
from payments.ledger.payments import DynamoLedger
from payments.model.follow_up import FollowUp
from payments.model.status import Status
from tests.fakes import samples
from tests.fakes.clock import START
from tests.payments.ledger import dynamodb_local, tables

pytestmark = pytest.mark.dynamodb_local

DUE = 40
FINISHED = 200_000
BATCH = 25


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with dynamodb_local.running(Path(os.environ["DYNAMODB_LOCAL"])) as client:
        yield client


@pytest.mark.timeout(600)
def test_a_query_for_due_payments_costs_the_same_with_none_and_with_200_000_finished_payments(
    client: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with tables.made(client) as table:
        ledger = DynamoLedger(client, table)
        for nth in range(DUE):
            assert ledger.claim(samples.payment(key=f"due-{nth}", order_id=None), None) is None
        without = cost_of_a_page(client, ledger)
        add_finished(client, table)
        with_many = cost_of_a_page(client, ledger)

    with capsys.disabled():
        sys.stdout.write(
            f"\n{DUE} due: {without.read_units} read units alone, {with_many.read_units} beside {FINISHED}\n"
        )
    assert without.found == without.scanned == DUE
    assert without.read_units > 0
    assert with_many == without


@dataclass
class Cost:
    """The cost of one query of the index, as DynamoDB reports it."""

    found: int = 0
    scanned: int = 0
    read_units: float = 0.0


def cost_of_a_page(client: Any, ledger: DynamoLedger) -> Cost:
    """Queries the index as a run of the follow-up does."""
    cost = Cost()

    def ask(params: dict[str, Any], **_: Any) -> None:
        params["ReturnConsumedCapacity"] = "TOTAL"

    def note(parsed: dict[str, Any], **_: Any) -> None:
        cost.scanned += parsed["ScannedCount"]
        cost.read_units += parsed["ConsumedCapacity"]["CapacityUnits"]

    events = client.meta.events
    events.register("provide-client-params.dynamodb.Query", ask, unique_id="ask")
    events.register("after-call.dynamodb.Query", note, unique_id="note")
    try:
        cost.found = len(list(ledger.due(START + timedelta(hours=1), PAGE)))
    finally:
        events.unregister("provide-client-params.dynamodb.Query", unique_id="ask")
        events.unregister("after-call.dynamodb.Query", unique_id="note")
    return cost


def add_finished(client: Any, table: str) -> None:
    """Adds FINISHED payments that have nothing left to do."""
    finished = replace(
        samples.payment(order_id=None).transition_to(Status.SUCCEEDED, at=START, source="answer", evidence={}),
        follow_up=FollowUp(due_at=None, ask_at=None),
        published=2,
    )
    item = typed(payment_items.payment_item(finished))

    def put(first: int) -> None:
        puts = [
            {"PutRequest": {"Item": {**item, "pk": {"S": f"pay_{nth:026}"}}}} for nth in range(first, first + BATCH)
        ]
        while puts:
            puts = client.batch_write_item(RequestItems={table: puts})["UnprocessedItems"].get(table, [])

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(put, range(0, FINISHED, BATCH)))
