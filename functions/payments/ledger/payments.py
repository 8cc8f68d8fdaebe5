"""The ledger in DynamoDB. Changes that belong together are one conditional write. Each condition has a name."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, Final
from uuid import uuid4

from botocore.exceptions import ClientError

from payments.ledger import history_items, order_lock, payment_items
from payments.ledger.due_index import DueIndex
from payments.ledger.expressions import NOT_YET_THERE, NOTHING_WRITTEN_SINCE, failed_condition, failed_conditions, typed
from payments.ledger.table import CONFLICT_TRIES, Table
from payments.model.announcer import with_announcer
from payments.model.payment import Payment
from payments.ports.ledger import Due, LostRace, OrderLock, OrderMoved, Released, Superseding

SAME_DUE_TIME: Final = "follow_up_at = :seen_due"
STILL_ONLY_CLAIMED: Final = "version = :first AND published = :none AND attribute_not_exists(replayed_while_sending)"
NOT_REFRESHED_SINCE: Final = (
    "attribute_exists(pk) AND (attribute_not_exists(refreshed_at) OR refreshed_at <= :not_since)"
)
CURSOR_NOT_AHEAD: Final = "published <= :published"

Sleep = Callable[[float], None]
"""Waits for so many seconds."""


class DynamoLedger(DueIndex):
    """Meets the ledger ports with one table. `client` is boto3's DynamoDB client; `sleep` waits between retries.

    `leaves_to_relay`: False for a process that publishes what it has written.
    """

    def __init__(self, client: Any, table: str, sleep: Sleep = time.sleep, *, leaves_to_relay: bool = True) -> None:
        self._table = Table(client, table, sleep)
        self._announced = partial(with_announcer, leaves_to_relay=leaves_to_relay)

    # ------------------------------------------------------------ claiming

    def claim(
        self, payment: Payment, order: OrderLock | None, superseding: Superseding | None = None
    ) -> Payment | None:
        """See `ClaimLedger.claim`."""
        claim, payment = uuid4().hex, self._announced(None, payment)
        superseding = superseding and replace(superseding, after=self._announced(superseding.before, superseding.after))
        put = {
            "TableName": self._table.name,
            "Item": typed({**payment_items.payment_item(payment), "claim": claim}),
            "ConditionExpression": NOT_YET_THERE,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        if payment.order_id is None:
            try:
                self._table.put(put)
            except ClientError as error:
                return _other_payment(claim, failed_condition(error))
            return None
        try:
            self._table.transact([{"Put": put}, *order_lock.acquire(self._table.name, payment, order, superseding)])
        except ClientError as error:
            stored = failed_conditions(error)[0]
            if not stored:
                raise OrderMoved(f"order {payment.order_id} moved on") from None
            return _other_payment(claim, stored)
        return None

    def release(self, payment: Payment) -> bool:
        """See `ClaimLedger.release`."""
        delete = self._table.key(payment.id) | {
            "ConditionExpression": STILL_ONLY_CLAIMED,
            "ExpressionAttributeValues": typed({":first": 1, ":none": 0}),
        }
        try:
            self._table.transact([{"Delete": delete}, *order_lock.release(self._table.name, payment)])
        except ClientError as error:
            failed_conditions(error)  # it was written to, published, or returned to a retry: it stays
            return False
        return True

    def order(self, order_id: str, *, live: bool) -> OrderLock | None:
        """See `OrderReader.order`."""
        item = self._table.get(order_lock.key_of(order_id, live=live))
        return None if item is None else order_lock.order_of(item)

    # ------------------------------------------------------- one payment

    def get(self, payment_id: str) -> Payment | None:
        """See `ClaimLedger.get`."""
        item = self._table.get(payment_id)
        return None if item is None else payment_items.payment_of(item)

    def several(self, payment_ids: Iterable[str]) -> Mapping[str, Payment]:
        """See `OrderReader.several`."""
        items = self._table.batch_get(payment_ids, tries=CONFLICT_TRIES)
        return {item["pk"]: payment_items.payment_of(item) for item in items}

    def save(self, before: Payment, after: Payment) -> Payment:
        """See `ClaimLedger.save`."""
        write, after = uuid4().hex, self._announced(before, after)
        changes, appended = payment_items.changes(before, after)
        try:
            self._table.update(
                before.id,
                changes | {"write": write},
                condition=NOTHING_WRITTEN_SINCE,
                values={":seen_revision": before.revision},
                append=appended,
            )
        except ClientError as error:
            stored = failed_condition(error)
            if not stored:
                raise Released(f"{before.id} was released") from None
            current = payment_items.payment_of(stored)
            if stored.get("write") == write:
                return current  # the race was lost to this very write: its answer was lost, and it was repeated
            raise LostRace(current) from None
        return replace(after, revision=before.revision + 1)

    def advance(self, payment: Payment, published: int) -> None:
        """See `FollowUpLedger.advance`."""
        changes: dict[str, Any] = {"published": published}
        if published == payment.version:
            at_rest = replace(payment, follow_up=replace(payment.follow_up, due_at=payment.follow_up.ask_at))
            changes |= {**payment_items.due(at_rest), "announcer": None}
        try:
            self._table.update(
                payment.id,
                changes,
                condition=f"{NOTHING_WRITTEN_SINCE} AND {CURSOR_NOT_AHEAD}",
                values={":seen_revision": payment.revision},
            )
        except ClientError as error:
            failed_condition(error)
            self._advance_only(payment, published)

    def _advance_only(self, payment: Payment, published: int) -> None:
        """Moves only the cursor: the payment was written meanwhile, and that write has set the next due time."""
        try:
            self._table.update(payment.id, {"published": published}, condition=CURSOR_NOT_AHEAD, values={})
        except ClientError as error:
            failed_condition(error)  # another publisher is ahead

    def note_refresh(self, payment_id: str, now: datetime, not_since: datetime) -> bool:
        """See `RefreshLedger.note_refresh`."""
        try:
            self._table.update(
                payment_id,
                {"refreshed_at": payment_items.stamp(now)},
                condition=NOT_REFRESHED_SINCE,
                values={":not_since": payment_items.stamp(not_since)},
                raises_revision=False,
            )
        except ClientError as error:
            failed_condition(error)
            return False
        return True

    # ------------------------------------------------------ following up

    def lease(self, due: Due, until: datetime) -> Payment | None:
        """See `FollowUpLedger.lease`."""
        lease = uuid4().hex
        try:
            answer = self._table.update(
                due.payment_id,
                {"follow_up_at": payment_items.stamp(until), "lease": lease},
                condition=SAME_DUE_TIME,
                values={":seen_due": payment_items.stamp(due.due_at)},
                returning="ALL_NEW",
            )
        except ClientError as error:
            answer = failed_condition(error) or {}
            if answer.get("lease") != lease:
                return None
            # The race was lost to this very lease: its answer was lost, and it was repeated.
        return payment_items.payment_of(answer)


def _other_payment(claim: str, stored: history_items.Item) -> Payment | None:
    """The payment stored under the id. None if this claim wrote it: botocore repeats a write after a lost answer."""
    return None if stored.get("claim") == claim else payment_items.payment_of(stored)
