"""The ledger of production keeps the contract, against the DynamoDB of the local stack."""

from collections.abc import Iterator
from typing import Any

import pytest

from local.stack import ministack
from payments.ledger.checkpoints import DynamoCheckpoints
from payments.ledger.dynamo import DynamoLedger
from payments.ledger.listed import DynamoSweepLedger
from payments.progress import Checkpoints
from tests.payments.ledger import tables
from tests.payments.ledger.comparing import ComparedLedger
from tests.payments.ledger.contract import LedgerContract, SweepContract
from tests.payments.ledger.ports import Ledger

pytestmark = pytest.mark.flow


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """MiniStack alone; the rest of the stack is not needed here."""
    running = ministack.started()
    try:
        ministack.wait_until_ready(running)
        yield running.root.client("dynamodb")
    finally:
        running.process.release()


class TestDynamoLedgerOnMiniStack(LedgerContract):
    @pytest.fixture
    def ledger(self, client: Any) -> Iterator[Ledger]:
        with tables.made(client) as name:
            yield DynamoLedger(client, name)


class TestSweepOnMiniStack(SweepContract):
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
