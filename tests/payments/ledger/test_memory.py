"""The fake of all the other tests keeps the contract."""

import pytest

from tests.fakes.ledger import InMemoryLedger
from tests.payments.ledger.contract import LedgerContract
from tests.payments.ledger.ports import Ledger


class TestInMemoryLedger(LedgerContract):
    @pytest.fixture
    def ledger(self) -> Ledger:
        return InMemoryLedger()
