"""The contract's rooms are no test files by name, and DynamoDB Local is asked for by name only."""

import os

import pytest

for room in ("claiming", "comparing", "following", "keeping", "racing", "steps", "writing"):
    pytest.register_assert_rewrite(f"tests.payments.ledger.{room}")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "dynamodb_local: needs Amazon's DynamoDB Local, in the directory DYNAMODB_LOCAL")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "DYNAMODB_LOCAL" in os.environ:
        return
    left_out = [item for item in items if item.get_closest_marker("dynamodb_local")]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)
