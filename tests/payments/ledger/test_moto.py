"""The DynamoDB ledger meets the contracts on moto's DynamoDB."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.payments.ledger import tables
from tests.payments.ledger.dynamo_contracts import LedgerOnDynamo, ReconciliationOnDynamo


class AtomicClient:
    """Makes each call of moto's client atomic, as DynamoDB's are. Threads still interleave between calls."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._lock = threading.Lock()

    def get_waiter(self, name: str) -> Any:
        return self._client.get_waiter(name)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(**arguments: Any) -> Any:
            with self._lock:
                return getattr(self._client, name)(**arguments)

        return call


@pytest.fixture(scope="module")
def client() -> Iterator[AtomicClient]:
    with tables.on_moto() as client:
        yield AtomicClient(client)


class TestDynamoLedgerOnMoto(LedgerOnDynamo):
    pass


class TestReconciliationOnMoto(ReconciliationOnDynamo):
    pass
