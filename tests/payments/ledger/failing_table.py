"""Clients of DynamoDB that refuse calls or lose their answers, and a table on moto with such a client."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from payments.ledger.payments import DynamoLedger


def refusal(code: str, *reasons: str) -> ClientError:
    """DynamoDB's error for one item; with `reasons`, one per write, for a transaction."""
    response: Any = {
        "Error": {"Code": code, "Message": ""},
        "CancellationReasons": [{"Code": reason} for reason in reasons],
    }
    return ClientError(response, "Write")


class FailingClient:
    """A client that raises the errors in `before` instead of its next calls, or makes each call twice."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.before: list[ClientError] = []
        self.repeats = False
        self.writes = 0

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(**arguments: Any) -> Any:
            self.writes += name in {"put_item", "update_item", "transact_write_items"}
            if self.before:
                raise self.before.pop(0)
            if self.repeats:
                getattr(self._client, name)(**arguments)  # the first answer was lost, so botocore repeats the call
            return getattr(self._client, name)(**arguments)

        return call


class FailingTable:
    """A ledger on moto with a client that fails."""

    def __init__(self, client: Any, table: str) -> None:
        self.client, self.table, self.waits = FailingClient(client), table, list[float]()
        self.ledger = DynamoLedger(self.client, table, self.waits.append)


class LosingClient:
    """A client that loses the answers of its next calls: each call is made, and then the error is raised."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.losses: list[Exception] = []
        self.calls = 0

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(**arguments: Any) -> Any:
            self.calls += 1
            answer = getattr(self._client, name)(**arguments)
            if self.losses:
                raise self.losses.pop(0)
            return answer

        return call
