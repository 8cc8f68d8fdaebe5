"""A client of moto, readable assertions in the contracts, and DynamoDB Local only where DYNAMODB_LOCAL is set."""

import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.payments.ledger import tables
from tests.payments.ledger.failing_table import FailingTable

for contract in ("checkpoints", "claim", "follow_up", "races", "reconciliation", "save", "supersession"):
    pytest.register_assert_rewrite(f"tests.payments.ledger.contract_{contract}")
pytest.register_assert_rewrite("tests.payments.ledger.payment_steps")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "dynamodb_local: needs Amazon's DynamoDB Local, in the directory DYNAMODB_LOCAL")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "DYNAMODB_LOCAL" in os.environ:
        return
    deselected = [item for item in items if item.get_closest_marker("dynamodb_local")]
    items[:] = [item for item in items if item not in deselected]
    config.hook.pytest_deselected(items=deselected)


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """A client of moto's DynamoDB, one for each module."""
    with tables.on_moto() as client:
        yield client


@pytest.fixture
def failing(client: Any) -> Iterator[FailingTable]:
    """A new table, with a client that can fail."""
    with tables.made(client) as name:
        yield FailingTable(client, name)
