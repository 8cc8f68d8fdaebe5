"""The ledger of production keeps the contract, against moto's DynamoDB."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from payments.ledger.dynamo import DynamoLedger
from tests.payments.ledger import tables
from tests.payments.ledger.contract import LedgerContract
from tests.payments.ledger.ports import Ledger


class OneAtATime:
    """A client whose calls are atomic, as DynamoDB's are; moto's are not. What threads do between calls stays free."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(**arguments: Any) -> Any:
            with self._lock:
                return getattr(self._client, name)(**arguments)

        return call


class TestDynamoLedgerOnMoto(LedgerContract):
    @pytest.fixture
    def ledger(self) -> Iterator[Ledger]:
        with mock_aws():
            client = boto3.client(
                "dynamodb", region_name="eu-west-1", aws_access_key_id="test", aws_secret_access_key="test"
            )
            with tables.made(client) as name:
                yield DynamoLedger(OneAtATime(client), name)
