"""Checkpoints of the reconciliation: one item each in the table. The lease is taken in one conditional write."""

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from botocore.exceptions import ClientError

from payments.ledger import payment_items
from payments.ledger.checkpoint_items import checkpoint_item, checkpoint_of
from payments.ledger.expressions import failed_condition
from payments.ledger.table import Table
from payments.model.timestamps import iso, parse_iso
from payments.reconciliation.checkpoint import Checkpoint

LEASE_IS_FREE: Final = "attribute_not_exists(held_until) OR held_until <= :now"
LEASE_IS_MINE: Final = "held_by = :me"
REPORTED: Final = "reconciliation#last"
NOT_LATER: Final = "attribute_not_exists(reported_until) OR reported_until <= :until"


class DynamoCheckpointStore:
    """Meets the CheckpointStore port. `client` is boto3's DynamoDB client."""

    def __init__(self, client: Any, table: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self._table = Table(client, table, sleep)

    def take(self, fresh: Checkpoint, holder: str, now: datetime, until: datetime) -> Checkpoint | None:
        """See `CheckpointStore.take`."""
        try:
            held = self._table.update(
                _key(fresh),
                {"held_by": holder, "held_until": payment_items.stamp(until)},
                condition=LEASE_IS_FREE,
                values={":now": payment_items.stamp(now)},
                returning="ALL_NEW",
                raises_revision=False,
            )
        except ClientError as error:
            failed_condition(error)
            return None
        if "phase" in held:
            return checkpoint_of(held, fresh.span)
        return fresh if self.save(fresh, holder, until) else None

    def save(self, checkpoint: Checkpoint, holder: str, until: datetime) -> bool:
        """See `CheckpointStore.save`."""
        changes = {**checkpoint_item(checkpoint), "held_until": payment_items.stamp(until)}
        return self._write(checkpoint, changes, holder)

    def reported_until(self) -> datetime | None:
        """See `CheckpointStore.reported_until`."""
        found = [item["reported_until"] for item in self._table.batch_get([REPORTED])]
        return parse_iso(found[0]) if found else None

    def note_reported(self, until: datetime) -> None:
        """See `CheckpointStore.note_reported`."""
        stamp = iso(until)
        try:
            self._table.update(
                REPORTED,
                {"reported_until": stamp},
                condition=NOT_LATER,
                values={":until": stamp},
                raises_revision=False,
            )
        except ClientError as error:
            failed_condition(error)

    def give_back(self, checkpoint: Checkpoint, holder: str) -> None:
        """See `CheckpointStore.give_back`."""
        self._write(checkpoint, {"held_until": 0, "held_by": None}, holder)

    def _write(self, checkpoint: Checkpoint, changes: Mapping[str, Any], holder: str) -> bool:
        try:
            self._table.update(
                _key(checkpoint), changes, condition=LEASE_IS_MINE, values={":me": holder}, raises_revision=False
            )
        except ClientError as error:
            failed_condition(error)
            return False
        return True


def _key(checkpoint: Checkpoint) -> str:
    """No payment id contains `#`."""
    return f"reconciliation#{checkpoint.name}"
