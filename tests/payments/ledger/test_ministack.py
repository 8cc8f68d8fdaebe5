"""The DynamoDB ledger meets the contracts on the DynamoDB of the local stack."""

from collections.abc import Iterator
from typing import Any

import pytest

from local.stack import ministack
from tests.payments.ledger.dynamo_contracts import LedgerOnDynamo, ReconciliationOnDynamo

pytestmark = pytest.mark.flow


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """MiniStack alone, without the rest of the local stack."""
    running = ministack.started()
    try:
        ministack.wait_until_ready(running)
        yield running.root.client("dynamodb")
    finally:
        running.process.release()


class TestDynamoLedgerOnMiniStack(LedgerOnDynamo):
    pass


class TestReconciliationOnMiniStack(ReconciliationOnDynamo):
    pass
