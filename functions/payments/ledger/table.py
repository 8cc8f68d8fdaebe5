"""One DynamoDB table, as the ledger uses it: strongly consistent reads, conditional writes, conflicts waited out."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from botocore.exceptions import ClientError

from payments.ledger import expressions
from payments.ledger.expressions import plain, wire
from payments.ports.ledger import TableBusy

CONFLICT_TRIES: Final = 6
"""Two transactions on one item refuse each other; a few short waits let one of them through."""

FIRST_WAIT: Final = 0.02
"""Seconds; doubled each time."""

BATCH_TRIES: Final = 9
"""What is left of a batch is read again, for ten seconds in all: then the table is too busy for whoever can wait."""

MOST_IN_A_BATCH: Final = 100
"""DynamoDB takes no more keys in one BatchGetItem."""


class Table:
    """`client` is boto3's DynamoDB client. A failed condition is botocore's ClientError, with the old item."""

    def __init__(self, client: Any, name: str, sleep: Callable[[float], None]) -> None:
        self.name = name
        self._client = client
        self._sleep = sleep

    def key(self, pk: str) -> dict[str, Any]:
        """What names one item in a request."""
        return {"TableName": self.name, "Key": wire({"pk": pk})}

    def get(self, pk: str) -> dict[str, Any] | None:
        """One item as it stands."""
        item = self._client.get_item(**self.key(pk), ConsistentRead=True).get("Item")
        return None if item is None else plain(item)

    def batch_get(self, pks: Iterable[str]) -> Iterator[dict[str, Any]]:
        """The items as they stand, of those that there are, in no order."""
        wanted = [{"pk": pk} for pk in dict.fromkeys(pks)]
        for first in range(0, len(wanted), MOST_IN_A_BATCH):
            keys = [wire(key) for key in wanted[first : first + MOST_IN_A_BATCH]]
            yield from self._batch(keys)

    def _batch(self, keys: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for nth in range(BATCH_TRIES):
            answer = self._client.batch_get_item(RequestItems={self.name: {"Keys": keys, "ConsistentRead": True}})
            yield from (plain(item) for item in answer["Responses"].get(self.name, ()))
            keys = answer.get("UnprocessedKeys", {}).get(self.name, {}).get("Keys", [])
            if not keys:
                return
            self._sleep(FIRST_WAIT * 2**nth)
        raise TableBusy("the table leaves readings undone")

    def query(self, index: str, condition: str, values: Mapping[str, Any], limit: int) -> list[dict[str, Any]]:
        """The first items of an index that meet a key condition."""
        answer = self._client.query(
            TableName=self.name,
            IndexName=index,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=wire(values),
            Limit=limit,
        )
        return [plain(item) for item in answer["Items"]]

    def put(self, request: Mapping[str, Any]) -> None:
        """One PutItem."""
        self._waiting_out_conflicts(lambda: self._client.put_item(**request))

    def transact(self, writes: Sequence[Mapping[str, Any]]) -> None:
        """All of the writes or none."""
        self._waiting_out_conflicts(lambda: self._client.transact_write_items(TransactItems=writes))

    def update(
        self,
        pk: str,
        changes: Mapping[str, Any],
        *,
        condition: str,
        values: Mapping[str, Any],
        append: Mapping[str, Any] | None = None,
        returning: str = "NONE",
        raises_revision: bool = True,
    ) -> dict[str, Any]:
        """Sets what has a value, takes away what is None, appends to lists, and raises the revision by one.

        Returns the new item when ALL_NEW is asked for.
        """
        request = {
            **self.key(pk),
            **expressions.update(changes, append or {}, values, {"revision": 1} if raises_revision else {}),
            "ConditionExpression": condition,
            "ReturnValues": returning,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        answer = self._waiting_out_conflicts(lambda: self._client.update_item(**request))
        return plain(answer.get("Attributes", {}))

    def _waiting_out_conflicts(self, call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        for nth in range(CONFLICT_TRIES - 1):
            try:
                return call()
            except ClientError as error:
                if not expressions.is_conflict(error):
                    raise
                self._sleep(FIRST_WAIT * 2**nth)
        return call()
