"""The in-memory ledger, the fake of all other tests, meets the contracts."""

import pytest

from payments.reconciliation.checkpoint import CheckpointStore
from tests.fakes.checkpoints import InMemoryCheckpoints
from tests.fakes.ledger import InMemoryLedger
from tests.payments.ledger.contract_reconciliation import FullLedger
from tests.payments.ledger.contracts import LedgerContract, ReconciliationContract
from tests.payments.ledger.ledger_port import Ledger


class TestInMemoryLedger(LedgerContract):
    @pytest.fixture
    def ledger(self) -> Ledger:
        return InMemoryLedger()

    @pytest.fixture
    def announcing(self, ledger: InMemoryLedger) -> Ledger:
        return ledger.announcing


class TestReconciliationInMemory(ReconciliationContract):
    @pytest.fixture
    def ledger(self) -> FullLedger:
        return InMemoryLedger()

    @pytest.fixture
    def checkpoints(self) -> CheckpointStore:
        return InMemoryCheckpoints()
