"""Checkpoints of the reconciliation: one item each in the table. The lease is taken in one conditional write."""

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from botocore.exceptions import ClientError

from payments.ledger import payment_items
from payments.ledger.expressions import failed_condition
from payments.ledger.history_items import Item
from payments.ledger.table import Table
from payments.model.timestamps import iso, parse_iso
from payments.reconciliation.checkpoint import Checkpoint, ReportPlace
from payments.reconciliation.totals import CurrencyTotals, Totals, TotalsByCurrency
from payments.reconciliation.transaction_list import Span

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


def checkpoint_item(checkpoint: Checkpoint) -> Item:
    """The attributes of a checkpoint; None removes the attribute."""
    report = checkpoint.report
    return {
        "live": checkpoint.live,
        "started_at": iso(checkpoint.started_at),
        "since": iso(checkpoint.since),
        "daily": checkpoint.daily,
        "phase": checkpoint.phase,
        "cursor": checkpoint.cursor,
        "cycle_marker": checkpoint.cycle_marker,
        "pages": checkpoint.pages,
        "restarts": checkpoint.restarts,
        "rows": checkpoint.rows,
        "listed_total": checkpoint.listed_total,
        "parts": checkpoint.parts,
        "contradictions": checkpoint.contradictions,
        "counts": dict(checkpoint.counts),
        "totals": {
            currency: [*sides.gateway.as_tuple(), *sides.here.as_tuple()]
            for currency, sides in checkpoint.totals.items()
        },
        "to_cross_off": list(checkpoint.to_cross_off),
        "recent_rows": list(checkpoint.recent_rows),
        "incomplete_because": checkpoint.incomplete_because,
        "finished_at": None if checkpoint.finished_at is None else iso(checkpoint.finished_at),
        "report": None if report is None else {"json": report.json, "csv": report.csv},
    }


def checkpoint_of(item: Mapping[str, Any], span: Span) -> Checkpoint:
    """The reconciliation in an item."""
    finished_at, report, total = item.get("finished_at"), item.get("report"), item.get("listed_total")
    return Checkpoint(
        span=span,
        live=item["live"],
        started_at=parse_iso(item["started_at"]),
        since=parse_iso(item.get("since", item["started_at"])),
        daily=item.get("daily", False),
        phase=item["phase"],
        cursor=item.get("cursor"),
        cycle_marker=item.get("cycle_marker"),
        pages=int(item["pages"]),
        restarts=int(item["restarts"]),
        rows=int(item["rows"]),
        listed_total=None if total is None else int(total),
        parts=int(item["parts"]),
        contradictions=int(item["contradictions"]),
        counts={kind: int(count) for kind, count in item["counts"].items()},
        totals=_totals_of(item["totals"]),
        to_cross_off=tuple(item["to_cross_off"]),
        recent_rows=tuple(item.get("recent_rows", ())),
        incomplete_because=item.get("incomplete_because"),
        finished_at=None if finished_at is None else parse_iso(finished_at),
        report=None if report is None else ReportPlace(report["json"], report["csv"]),
    )


def _totals_of(item: Mapping[str, Any]) -> TotalsByCurrency:
    numbers = {currency: [int(number) for number in both] for currency, both in item.items()}
    return {currency: CurrencyTotals(Totals(*both[:4]), Totals(*both[4:])) for currency, both in numbers.items()}


def _key(checkpoint: Checkpoint) -> str:
    """No payment id contains `#`."""
    return f"reconciliation#{checkpoint.span}"
