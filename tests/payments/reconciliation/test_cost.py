"""The read units of the daily reconciliations, counted in DynamoDB's requests: a tenth of those of 120 days a day."""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from math import ceil
from typing import Any

import pytest

from payments.ledger import order_lock, payment_items
from payments.ledger.expressions import typed
from payments.ledger.reconciliation import DynamoReconciliationLedger
from payments.model.status import Status
from payments.reconciliation.matching import IndexedPayment
from tests.fakes import samples
from tests.fakes.transaction_list import row
from tests.payments.reconciliation.reconciler import NEXT_DAY, PLENTY, Reconciler

WINDOW = 120
PER_DAY = 10
UNIT = 4096
"""Bytes of an item, or of a page of an index, that one unit reads; if the read may be a second old, half a unit."""


@dataclass
class CountingClient:
    """A DynamoDB client whose payments the list has shown before: nothing is on the index of unlisted payments.

    It counts read units as DynamoDB's documentation defines them: those of the rows' payments, and those of the index.
    """

    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    of_rows: float = 0.0
    of_index: float = 0.0

    def batch_get_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803 - boto3's name
        """See boto3's client. A key without an item costs as much as a small item."""
        ((table, request),) = RequestItems.items()
        found = [self.items.get(key["pk"]["S"]) for key in request["Keys"]]
        units = sum(ceil(max(_size(item), 1) / UNIT) for item in found)
        self.of_rows += units if request["ConsistentRead"] else units / 2
        return {"Responses": {table: [item for item in found if item]}}

    def query(self, **_: Any) -> dict[str, Any]:
        """See boto3's client. A read of an index may always be a second old."""
        self.of_index += 0.5
        return {"Items": []}


class ExactLedger(DynamoReconciliationLedger):
    """The table without cheap reads, as before."""

    def sent_under(
        self, wire_order_ids: Iterable[str], *, live: bool, consistent: bool = True
    ) -> Mapping[str, IndexedPayment]:
        """See `MatchingLedger.sent_under`."""
        return super().sent_under(wire_order_ids, live=live)

    def standing(self, payment_ids: Iterable[str], *, consistent: bool = True) -> Mapping[str, IndexedPayment]:
        """See `MatchingLedger.standing`."""
        return super().standing(payment_ids)


def test_a_daily_reconciliation_reads_a_tenth_of_120_days_a_day(capsys: pytest.CaptureFixture[str]) -> None:
    now, before = CountingClient(), CountingClient()
    reconciler = filled(now)
    for _ in range(7):
        finished(reconciler, {})
        reconciler.clock.forward(hours=24)

    reconciler = filled(before)
    reconciler.ledger = ExactLedger(before, "payments")  # type: ignore[assignment]
    yesterday = NEXT_DAY.date() - timedelta(days=1)
    finished(reconciler, {"from": f"{NEXT_DAY.date() - timedelta(days=WINDOW)}", "to": f"{yesterday}"})

    rows, index = now.of_rows / 7, now.of_index / 7
    with capsys.disabled():
        sys.stdout.write(
            f"\n{PER_DAY} payments a day: rows {before.of_rows:.0f} → {rows:.1f} read units a day "
            f"({before.of_rows / rows:.1f} times less), index {before.of_index:.0f} → {index:.1f}\n"
        )
    assert before.of_rows == (WINDOW + 2) * PER_DAY * 1.5, "half of them also need the lock of their order"
    assert rows <= before.of_rows / 10
    assert index <= before.of_index / 5


def finished(reconciler: Reconciler, payload: dict[str, Any]) -> None:
    result = replace(reconciler.wired(), days=WINDOW).take(payload, lambda: PLENTY)
    assert (result["state"], result["complete"], result["discrepancies"]) == ("finished", True, {})
    assert result["rows"] > PER_DAY


def filled(client: CountingClient) -> Reconciler:
    """A table and a list with some paid payments on each day until a week from now; half have an order."""
    reconciler = Reconciler(page_size=50)
    reconciler.listing.rows.clear()
    reconciler.ledger = DynamoReconciliationLedger(client, "payments")  # type: ignore[assignment]
    for age in range(-8, WINDOW + 2):
        for nth in range(PER_DAY):
            at = NEXT_DAY.replace(hour=1) + timedelta(days=-age, hours=2 * nth)
            key = f"{age}-{nth}"
            order_id = f"order-{key}" if nth % 2 else None
            payment = samples.payment(key=key, order_id=order_id, at=at).transition_to(
                Status.SUCCEEDED, at=at, source="answer", evidence={}, transaction_id=f"PA{key}"
            )
            item = payment_items.payment_item(payment)
            del item["unlisted_on"]
            client.items[payment.id] = typed(item)
            if order_id:
                lock = order_lock.key_of(order_id, live=payment.live)
                client.items[lock] = typed({"pk": lock, "order_id": order_id, "attempts": [payment.id]})
            reconciler.listing.rows.append(row(of=payment, created_at=at.isoformat()))
    return reconciler


def _size(item: dict[str, Any] | None) -> int:
    """About an item's size in bytes: names and values, with boto3's type tags."""
    return 0 if item is None else len(repr(item))
