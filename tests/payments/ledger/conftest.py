"""Readable assertions in the contract modules, and no test of DynamoDB Local unless DYNAMODB_LOCAL is set."""

import os

import pytest

for contract in ("checkpoints", "claim", "follow_up", "races", "reconciliation", "save"):
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
