"""Checkpoints in DynamoDB, beyond the contract: those of an earlier release, and a lease lost within one call."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from payments.ledger.checkpoint_items import checkpoint_item, checkpoint_of
from payments.ledger.checkpoints import DynamoCheckpointStore
from payments.reconciliation.assembly import Assembly
from payments.reconciliation.checkpoint import Tally
from tests.fakes.clock import START
from tests.payments.ledger import tables
from tests.payments.ledger.contract_checkpoints import FRESH, FULL, SPAN, UNTIL


def test_a_checkpoint_of_an_earlier_release_is_read() -> None:
    """A release may come while a reconciliation is unfinished: its checkpoint has no field that came later."""
    stored = checkpoint_item(FULL)
    for later in (
        "since",
        "daily",
        "recent_rows",
        "span",
        "spans",
        "before",
        "previous",
        "left_open",
        "assembly",
        "other_channels",
    ):
        del stored[later]
    assert checkpoint_of(stored, SPAN) == replace(
        FULL,
        span=SPAN,
        spans=(),
        before=Tally(),
        previous=None,
        left_open=(),
        assembly=Assembly(),
        other_channels={},
        since=FULL.started_at,
        daily=False,
        recent_rows=(),
    )


class Interrupted:
    """A DynamoDB client with something that happens before its second write."""

    def __init__(self, client: Any, happens: Callable[[], object]) -> None:
        self._client, self._happens, self._writes = client, happens, 0

    def update_item(self, **arguments: Any) -> Any:
        self._writes += 1
        if self._writes == 2:
            self._happens()
        return self._client.update_item(**arguments)


@pytest.fixture
def table(client: Any) -> Iterator[tuple[Any, str]]:
    with tables.made(client) as name:
        yield client, name


def test_a_call_that_loses_the_lease_before_its_first_save_gets_no_reconciliation(table: tuple[Any, str]) -> None:
    client, name = table
    other = DynamoCheckpointStore(client, name)
    hanging = Interrupted(client, lambda: other.take(FRESH, "you", UNTIL, UNTIL + timedelta(minutes=5)))
    assert DynamoCheckpointStore(hanging, name).take(FRESH, "me", START, UNTIL) is None
