"""The contracts for the DynamoDB adapters. The fixture `client` of a test module chooses the database."""

from collections.abc import Iterator
from typing import Any

import pytest

from payments.ledger.checkpoints import DynamoCheckpointStore
from payments.ledger.payments import DynamoLedger
from payments.ledger.reconciliation import DynamoReconciliationLedger
from payments.reconciliation.checkpoint import CheckpointStore
from tests.payments.ledger import tables
from tests.payments.ledger.contract_reconciliation import FullLedger
from tests.payments.ledger.contracts import LedgerContract, ReconciliationContract
from tests.payments.ledger.ledger_port import Ledger


class LedgerOnDynamo(LedgerContract):
    @pytest.fixture
    def table(self, client: Any) -> Iterator[str]:
        with tables.made(client) as name:
            yield name

    @pytest.fixture
    def ledger(self, client: Any, table: str) -> Ledger:
        return DynamoLedger(client, table)

    @pytest.fixture
    def announcing(self, client: Any, table: str) -> Ledger:
        return DynamoLedger(client, table, leaves_to_relay=False)


class ReconciliationOnDynamo(ReconciliationContract):
    @pytest.fixture
    def table(self, client: Any) -> Iterator[str]:
        with tables.made(client) as name:
            yield name

    @pytest.fixture
    def ledger(self, client: Any, table: str) -> FullLedger:
        return DynamoReconciliationLedger(client, table)

    @pytest.fixture
    def checkpoints(self, client: Any, table: str) -> CheckpointStore:
        return DynamoCheckpointStore(client, table)
