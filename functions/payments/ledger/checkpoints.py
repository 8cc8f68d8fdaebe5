"""Checkpoints of the reconciliation: an item each in the same table, and a hold on it that is taken in one conditional write."""

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

NOBODY_HAS_IT: Final = "attribute_not_exists(held_until) OR held_until <= :now"
STILL_MINE: Final = "held_by = :me"
LAST: Final = "reconciliation#last"
NOT_LATER: Final = "attribute_not_exists(told_until) OR told_until <= :at"


class DynamoCheckpointStore:
    """Meets the Checkpoints port. `client` is boto3's DynamoDB client."""

    def __init__(self, client: Any, table: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self._table = Table(client, table, sleep)

    def take(self, fresh: Checkpoint, holder: str, now: datetime, until: datetime) -> Checkpoint | None:
        """See `Checkpoints.take`."""
        try:
            held = self._table.update(
                _key(fresh),
                {"held_by": holder, "held_until": payment_items.stamp(until)},
                condition=NOBODY_HAS_IT,
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
        """See `Checkpoints.save`."""
        changes = {**checkpoint_item(checkpoint), "held_until": payment_items.stamp(until)}
        return self._write(checkpoint, changes, holder)

    def told_until(self) -> datetime | None:
        """See `Checkpoints.told_until`."""
        found = [item["told_until"] for item in self._table.batch_get([LAST])]
        return parse_iso(found[0]) if found else None

    def note_told(self, at: datetime) -> None:
        """See `Checkpoints.note_told`."""
        told = iso(at)
        try:
            self._table.update(
                LAST, {"told_until": told}, condition=NOT_LATER, values={":at": told}, raises_revision=False
            )
        except ClientError as error:
            failed_condition(error)

    def give_back(self, checkpoint: Checkpoint, holder: str) -> None:
        """See `Checkpoints.give_back`."""
        self._write(checkpoint, {"held_until": 0, "held_by": None}, holder)

    def _write(self, checkpoint: Checkpoint, changes: Mapping[str, Any], holder: str) -> bool:
        try:
            self._table.update(
                _key(checkpoint), changes, condition=STILL_MINE, values={":me": holder}, raises_revision=False
            )
        except ClientError as error:
            failed_condition(error)
            return False
        return True


def checkpoint_item(checkpoint: Checkpoint) -> Item:
    """The attributes of a checkpoint; None means the attribute is taken away."""
    report = checkpoint.report
    return {
        "live": checkpoint.live,
        "started_at": iso(checkpoint.started_at),
        "since": iso(checkpoint.since),
        "daily": checkpoint.daily,
        "phase": checkpoint.phase,
        "cursor": checkpoint.cursor,
        "landmark": checkpoint.cycle_marker,
        "pages": checkpoint.pages,
        "restarts": checkpoint.restarts,
        "rows": checkpoint.rows,
        "listed_total": checkpoint.listed_total,
        "parts": checkpoint.parts,
        "doubts": checkpoint.doubts,
        "counts": dict(checkpoint.counts),
        "totals": {name: [*book.gateway.told(), *book.here.told()] for name, book in checkpoint.totals.items()},
        "listed": list(checkpoint.listed),
        "before": list(checkpoint.before),
        "doubt": checkpoint.doubt,
        "finished_at": None if checkpoint.finished_at is None else iso(checkpoint.finished_at),
        "report": None if report is None else {"json": report.json, "csv": report.csv},
    }


def checkpoint_of(item: Mapping[str, Any], span: Span) -> Checkpoint:
    """The reconciliation that a checkpoint holds."""
    finished_at, report, total = item.get("finished_at"), item.get("report"), item.get("listed_total")
    return Checkpoint(
        span=span,
        live=item["live"],
        started_at=parse_iso(item["started_at"]),
        since=parse_iso(item.get("since", item["started_at"])),
        daily=item.get("daily", False),
        phase=item["phase"],
        cursor=item.get("cursor"),
        cycle_marker=item.get("landmark"),
        pages=int(item["pages"]),
        restarts=int(item["restarts"]),
        rows=int(item["rows"]),
        listed_total=None if total is None else int(total),
        parts=int(item["parts"]),
        doubts=int(item["doubts"]),
        counts={kind: int(count) for kind, count in item["counts"].items()},
        totals=_books_of(item["totals"]),
        listed=tuple(item["listed"]),
        before=tuple(item.get("before", ())),
        doubt=item.get("doubt"),
        finished_at=None if finished_at is None else parse_iso(finished_at),
        report=None if report is None else ReportPlace(report["json"], report["csv"]),
    )


def _books_of(item: Mapping[str, Any]) -> TotalsByCurrency:
    sums = {currency: [int(number) for number in told] for currency, told in item.items()}
    return {currency: CurrencyTotals(Totals(*told[:4]), Totals(*told[4:])) for currency, told in sums.items()}


def _key(checkpoint: Checkpoint) -> str:
    """No payment id contains `#`."""
    return f"reconciliation#{checkpoint.span}"
