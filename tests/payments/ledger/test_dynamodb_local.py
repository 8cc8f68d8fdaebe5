"""The DynamoDB ledger meets the contracts on Amazon's DynamoDB Local (`make test-dynamodb-local`)."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.payments.ledger import dynamodb_local
from tests.payments.ledger.dynamo_contracts import LedgerOnDynamo, ReconciliationOnDynamo

pytestmark = pytest.mark.dynamodb_local


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with dynamodb_local.running(Path(os.environ["DYNAMODB_LOCAL"])) as client:
        yield client


class TestDynamoLedgerOnDynamoDbLocal(LedgerOnDynamo):
    pass


class TestReconciliationOnDynamoDbLocal(ReconciliationOnDynamo):
    pass
