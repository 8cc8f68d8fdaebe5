"""The ledger in DynamoDB. What must happen together is one conditional write; each clause of a condition has a name."""

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from botocore.exceptions import ClientError

from payments.errors import LostRace, OrderMoved
from payments.ledger import expressions, items, orders
from payments.ledger.expressions import failed_condition, failed_conditions, plain, wire
from payments.payment import Payment
from payments.ports import Due, Order

INDEX: Final = "follow_up"
CONFLICT_TRIES: Final = 6
"""Two transactions on one item refuse each other; a few short waits let one of them through."""

SAME_VERSION: Final = "version = :seen_version"
SAME_DUE_TIME: Final = "follow_up_at = :seen_due"
NOTHING_WRITTEN_SINCE: Final = "version = :first AND published = :none"
CURSOR_NOT_AHEAD: Final = "published <= :published"


class DynamoLedger:
    """Meets the ledger ports on one table. `client` is boto3's DynamoDB client."""

    def __init__(self, client: Any, table: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._table = table
        self._sleep = sleep

    # ------------------------------------------------------------ claiming

    def claim(self, payment: Payment, order: Order | None) -> Payment | None:
        """See `ClaimLedger.claim`."""
        put = self._of_table(
            Item=wire(items.payment_item(payment)),
            ConditionExpression=expressions.NOT_YET_THERE,
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
        if payment.order_id is None:
            try:
                self._retrying(lambda: self._client.put_item(**put))
            except ClientError as error:
                return items.payment_of(failed_condition(error))
            return None
        writes = [{"Put": put}, *orders.taken(self._table, payment, order)]
        try:
            self._retrying(lambda: self._client.transact_write_items(TransactItems=writes))
        except ClientError as error:
            standing = failed_conditions(error)[0]
            if not standing:
                raise OrderMoved(f"order {payment.order_id} moved on") from None
            return items.payment_of(standing)
        return None

    def release(self, payment: Payment) -> None:
        """See `ClaimLedger.release`."""
        delete = self._key(payment.id) | {
            "ConditionExpression": NOTHING_WRITTEN_SINCE,
            "ExpressionAttributeValues": wire({":first": 1, ":none": 0}),
        }
        writes = [{"Delete": delete}, *orders.given_back(self._table, payment)]
        try:
            self._retrying(lambda: self._client.transact_write_items(TransactItems=writes))
        except ClientError as error:
            failed_conditions(error)  # somebody has written to it: it stays, and is followed up

    def order(self, order_id: str) -> Order | None:
        """See `ClaimLedger.order`."""
        item = self._get(orders.key_of(order_id))
        return None if item is None else orders.order_of(item)

    # ------------------------------------------------------- one payment

    def get(self, payment_id: str) -> Payment | None:
        """See `ClaimLedger.get`."""
        item = self._get(payment_id)
        return None if item is None else items.payment_of(item)

    def save(self, before: Payment, after: Payment) -> None:
        """See `ClaimLedger.save`."""
        entries = [items.entry_item(entry) for entry in after.history[before.version :]]
        changes = items.state(after) | items.due(after)
        try:
            self._update(
                before.id,
                changes,
                condition=SAME_VERSION,
                values={":seen_version": before.version},
                append={"history": entries} if entries else {},
            )
        except ClientError as error:
            raise LostRace(items.payment_of(failed_condition(error))) from None

    def advance(self, payment: Payment, published: int) -> None:
        """See `FollowUpLedger.advance`."""
        changes: dict[str, Any] = {"published": published}
        if published == payment.version:
            rest = items.stamp(payment.follow_up.ask_at)
            changes |= {"follow_up_at": rest, "follow_up_shard": None if rest is None else items.shard_of(payment.id)}
        try:
            self._update(
                payment.id,
                changes,
                condition=f"{SAME_VERSION} AND {CURSOR_NOT_AHEAD}",
                values={":seen_version": payment.version},
            )
        except ClientError as error:
            failed_condition(error)
            self._advance_only(payment, published)

    def _advance_only(self, payment: Payment, published: int) -> None:
        """The payment has moved on meanwhile: only the cursor is ours to move; what is due next is not."""
        try:
            self._update(payment.id, {"published": published}, condition=CURSOR_NOT_AHEAD, values={})
        except ClientError as error:
            failed_condition(error)  # somebody else has published further

    # ------------------------------------------------------ following up

    def due(self, now: datetime, limit: int) -> Iterator[Due]:
        """See `FollowUpLedger.due`."""
        for shard in range(items.SHARDS):
            yield from self._due_in(shard, now, limit)

    def _due_in(self, shard: int, now: datetime, limit: int) -> Iterator[Due]:
        answer = self._client.query(
            TableName=self._table,
            IndexName=INDEX,
            KeyConditionExpression="follow_up_shard = :shard AND follow_up_at <= :now",
            ExpressionAttributeValues=wire({":shard": shard, ":now": items.stamp(now)}),
            Limit=limit,
        )
        for found in map(plain, answer["Items"]):
            at = items.moment(found["follow_up_at"])
            if at is not None:
                yield Due(found["pk"], at)

    def lease(self, due: Due, until: datetime) -> Payment | None:
        """See `FollowUpLedger.lease`."""
        try:
            answer = self._update(
                due.payment_id,
                {"follow_up_at": items.stamp(until)},
                condition=SAME_DUE_TIME,
                values={":seen_due": items.stamp(due.due_at)},
                returning="ALL_NEW",
            )
        except ClientError as error:
            failed_condition(error)
            return None
        return items.payment_of(plain(answer["Attributes"]))

    # ---------------------------------------------------------- the wire

    def _update(
        self,
        pk: str,
        changes: Mapping[str, Any],
        *,
        condition: str,
        values: Mapping[str, Any],
        append: Mapping[str, Any] | None = None,
        returning: str = "NONE",
    ) -> dict[str, Any]:
        request = {
            **self._key(pk),
            **expressions.update(changes, append or {}, values),
            "ConditionExpression": condition,
            "ReturnValues": returning,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        return self._retrying(lambda: self._client.update_item(**request))

    def _get(self, pk: str) -> items.Item | None:
        item = self._client.get_item(**self._key(pk), ConsistentRead=True).get("Item")
        return None if item is None else plain(item)

    def _key(self, pk: str) -> dict[str, Any]:
        return self._of_table(Key=wire({"pk": pk}))

    def _of_table(self, **rest: Any) -> dict[str, Any]:
        return {"TableName": self._table, **rest}

    def _retrying(self, call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        for nth in range(CONFLICT_TRIES - 1):
            try:
                return call()
            except ClientError as error:
                if not expressions.is_conflict(error):
                    raise
                self._sleep(0.02 * 2**nth)
        return call()
