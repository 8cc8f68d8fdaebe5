"""The ledger of production keeps the contract, against Amazon's own DynamoDB Local (`make test-dynamodb-local`)."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from payments.ledger.checkpoints import DynamoCheckpoints
from payments.ledger.dynamo import DynamoLedger
from payments.ledger.listed import DynamoSweepLedger
from payments.progress import Checkpoints
from tests.payments.ledger import dynamodb_local, tables
from tests.payments.ledger.comparing import ComparedLedger
from tests.payments.ledger.contract import LedgerContract, SweepContract
from tests.payments.ledger.ports import Ledger

pytestmark = pytest.mark.dynamodb_local


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with dynamodb_local.running(Path(os.environ["DYNAMODB_LOCAL"])) as client:
        yield client


class TestDynamoLedgerOnDynamoDbLocal(LedgerContract):
    @pytest.fixture
    def ledger(self, client: Any) -> Iterator[Ledger]:
        with tables.made(client) as name:
            yield DynamoLedger(client, name)


class TestSweepOnDynamoDbLocal(SweepContract):
    @pytest.fixture
    def table(self, client: Any) -> Iterator[str]:
        with tables.made(client) as name:
            yield name

    @pytest.fixture
    def ledger(self, client: Any, table: str) -> ComparedLedger:
        return DynamoSweepLedger(client, table)

    @pytest.fixture
    def checkpoints(self, client: Any, table: str) -> Checkpoints:
        return DynamoCheckpoints(client, table)
