"""One DynamoDB table: consistent reads and conditional writes, tried again while a refusal may pass."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final
from uuid import uuid4

from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnection

from payments.ledger import expressions
from payments.ledger.expressions import plain, typed
from payments.ports.ledger import TableBusy

CONFLICT_TRIES: Final = 6
"""Two transactions on one item reject each other, and a table may be throttled. A few short waits, 0.62 s in all, let
one of them succeed, and fit into the reserve for the verdict."""

PATIENCE_SECONDS: Final = 2.5
"""No try begins later than this after the first: a call that hangs for its read timeout of 2 s is made twice. The
client makes one try a call, so the whole takes at most PATIENCE_SECONDS and one call's timeouts."""

FIRST_WAIT: Final = 0.02
"""In seconds; doubled after each try."""

BATCH_TRIES: Final = 9
"""Keys that a batch left unread are read again, for about five seconds in all. Then the table is too busy."""

MAX_BATCH_KEYS: Final = 100
"""DynamoDB's limit for one BatchGetItem."""


class Table:
    """`client` is boto3's DynamoDB client. A failed condition raises botocore's ClientError with the stored item."""

    def __init__(
        self,
        client: Any,
        name: str,
        sleep: Callable[[float], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self._client = client
        self._sleep = sleep
        self._monotonic = monotonic

    def key(self, pk: str) -> dict[str, Any]:
        """The parameters that name one item in a request."""
        return {"TableName": self.name, "Key": typed({"pk": pk})}

    def get(self, pk: str) -> dict[str, Any] | None:
        """The item as it is stored now, None if there is none."""
        item = self._patiently(lambda: self._client.get_item(**self.key(pk), ConsistentRead=True)).get("Item")
        return None if item is None else plain(item)

    def batch_get(
        self, pks: Iterable[str], tries: int = BATCH_TRIES, *, consistent: bool = True
    ) -> Iterator[dict[str, Any]]:
        """Those of the items that exist, in no particular order. Raises TableBusy.

        As they are stored now; if not `consistent`, as they may have been a second ago, at half the cost.
        """
        wanted = [{"pk": pk} for pk in dict.fromkeys(pks)]
        for first in range(0, len(wanted), MAX_BATCH_KEYS):
            keys = [typed(key) for key in wanted[first : first + MAX_BATCH_KEYS]]
            yield from self._batch(keys, tries, consistent=consistent)

    def _batch(self, keys: list[dict[str, Any]], tries: int, *, consistent: bool) -> Iterator[dict[str, Any]]:
        for nth in range(tries):
            request = {self.name: {"Keys": keys, "ConsistentRead": consistent}}
            answer = self._patiently(partial(self._client.batch_get_item, RequestItems=request))
            yield from (plain(item) for item in answer["Responses"].get(self.name, ()))
            keys = answer.get("UnprocessedKeys", {}).get(self.name, {}).get("Keys", [])
            if not keys:
                return
            if nth + 1 < tries:
                self._sleep(FIRST_WAIT * 2**nth)
        raise TableBusy("the table left keys of a batch unread")

    def query(
        self,
        index: str,
        condition: str,
        values: Mapping[str, Any],
        limit: int,
        *,
        after: Mapping[str, Any] | None = None,
        backwards: bool = False,
    ) -> list[dict[str, Any]]:
        """The first items of an index that meet a key condition, at most `limit`.

        `after`: the keys of the item behind which it continues. `backwards`: the last items, in the opposite order.
        """
        answer = self._patiently(
            partial(
                self._client.query,
                TableName=self.name,
                IndexName=index,
                KeyConditionExpression=condition,
                ExpressionAttributeValues=typed(values),
                Limit=limit,
                ScanIndexForward=not backwards,
                **({"ExclusiveStartKey": typed(after)} if after else {}),
            )
        )
        return [plain(item) for item in answer["Items"]]

    def put(self, request: Mapping[str, Any]) -> None:
        """One PutItem; `request` has its parameters."""
        self._patiently(lambda: self._client.put_item(**request))

    def transact(self, writes: Sequence[Mapping[str, Any]]) -> None:
        """One TransactWriteItems: all of the writes or none, once. A second try after a lost answer changes nothing."""
        token = uuid4().hex
        self._patiently(lambda: self._client.transact_write_items(TransactItems=writes, ClientRequestToken=token))

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
        """Sets `changes` (None removes the attribute), appends to lists, and increments the revision.

        Returns the new item if `returning` is ALL_NEW, else {}.
        """
        request = {
            **self.key(pk),
            **expressions.update(changes, append or {}, values, {"revision": 1} if raises_revision else {}),
            "ConditionExpression": condition,
            "ReturnValues": returning,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        answer = self._patiently(lambda: self._client.update_item(**request))
        return plain(answer.get("Attributes", {}))

    def _patiently(self, call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Calls again while the failure may pass. Raises TableBusy if it does not, and nothing was written.

        Raises the last failure if one of the tries had no answer: it may have been written.
        """
        until = self._monotonic() + PATIENCE_SECONDS
        unclear = False
        for nth in range(CONFLICT_TRIES):
            try:
                return call()
            except (ClientError, NoConnection, HTTPClientError) as error:
                if not expressions.may_pass(error):
                    raise
                unclear = unclear or not expressions.is_transient(error)
                is_last = nth + 1 == CONFLICT_TRIES or self._monotonic() + FIRST_WAIT * 2**nth > until
                if is_last and unclear:
                    raise
                if is_last:
                    break
            self._sleep(FIRST_WAIT * 2**nth)
        raise TableBusy("the table is throttled or contended; nothing was written")
