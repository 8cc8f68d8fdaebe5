"""The fake of all the other tests keeps the contract."""

import pytest

from payments.progress import Checkpoints
from tests.fakes.checkpoints import InMemoryCheckpoints
from tests.fakes.ledger import InMemoryLedger
from tests.payments.ledger.comparing import ComparedLedger
from tests.payments.ledger.contract import LedgerContract, SweepContract
from tests.payments.ledger.ports import Ledger


class TestInMemoryLedger(LedgerContract):
    @pytest.fixture
    def ledger(self) -> Ledger:
        return InMemoryLedger()


class TestSweepInMemory(SweepContract):
    @pytest.fixture
    def ledger(self) -> ComparedLedger:
        return InMemoryLedger()

    @pytest.fixture
    def checkpoints(self) -> Checkpoints:
        return InMemoryCheckpoints()
