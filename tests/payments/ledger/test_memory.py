"""The fake of all the other tests keeps the contract."""

import pytest

from payments.reconciliation.checkpoint import CheckpointStore
from tests.fakes.checkpoints import InMemoryCheckpoints
from tests.fakes.ledger import InMemoryLedger
from tests.payments.ledger.contract_reconciliation import ComparedLedger
from tests.payments.ledger.contracts import LedgerContract, ReconciliationContract
from tests.payments.ledger.ledger_port import Ledger


class TestInMemoryLedger(LedgerContract):
    @pytest.fixture
    def ledger(self) -> Ledger:
        return InMemoryLedger()


class TestReconciliationInMemory(ReconciliationContract):
    @pytest.fixture
    def ledger(self) -> ComparedLedger:
        return InMemoryLedger()

    @pytest.fixture
    def checkpoints(self) -> CheckpointStore:
        return InMemoryCheckpoints()
