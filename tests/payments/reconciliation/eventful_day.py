"""A day with almost everything that a reconciliation can find, and its result."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from payments.model.status import Status
from tests.fakes import samples
from tests.fakes.clock import START
from tests.fakes.transaction_list import row
from tests.payments.reconciliation.reconciler import DAY, PLENTY, Reconciler

ASKED = {"from": DAY.isoformat(), "to": DAY.isoformat()}


def eventful() -> Reconciler:
    """A stack with almost everything that a reconciliation can find."""
    reconciler = Reconciler(page_size=3)
    refunded = reconciler.paid("refunded", "PA1", order_id="order-1")
    verdict = reconciler.claimed("verdict", order_id="order-2")
    drifting = reconciler.paid("drifting", "PA3", order_id="order-3")
    suspicious = reconciler.paid("suspicious", "PA4", order_id="order-4")
    unknown = reconciler.paid("unknown", "PA5", order_id="order-5")
    follow_up = replace(unknown.follow_up, missing_since=START)  # it was unknown on the day before, too
    reconciler.ledger.save(unknown, replace(unknown, follow_up=follow_up))
    reconciler.paid("not-listed", "PA6", order_id="order-6")
    reconciler.with_status(Status.FAILED, key="untaken", transaction_id=None, order_id="order-7")
    reconciler.listing.rows = [
        row(of=refunded, refund_date="2027-02-01T08:00:00Z"),
        row(of=verdict, transaction_id="PA2"),
        row(of=drifting, amount="7"),
        row(of=suspicious, suspicious_date="2027-02-01T08:00:00Z"),
        row(transaction_id="PA8", order_id="theirs-8"),
        row("FAILED", transaction_id="PA9", order_id=None),
        row(transaction_id="PA10", order_id="order-1"),
        {"transaction_id": None},
    ]
    answers = {
        "order-3": samples.transaction(transaction_id="PA3", order_id="order-3", amount=Decimal(7)),
        "order-6": samples.transaction(transaction_id="PA6", order_id="order-6"),
    }
    reconciler.gateway.answers = answers
    return reconciler


FOUND = {
    "refunded_elsewhere": 1,
    "recorded": 1,
    "amount_drift": 1,
    "suspicious": 1,
    "orphan": 3,
    "unreadable_row": 1,
    "unknown_to_gateway": 1,
    "not_listed": 1,
}


def shape(reconciler: Reconciler) -> list[tuple[Any, ...]]:
    """Every payment as it stands, without its timestamps."""
    return sorted(
        (p.id, p.status, p.refund.status, p.order_id, [(e.name, e.source) for e in p.history])
        for p in reconciler.ledger.payments()
    )


def lines(reconciler: Reconciler) -> list[tuple[str, str, str | None]]:
    """The report's lines, in order."""
    return [
        (line["discrepancy"], line["action"], line["transaction_id"]) for line in reconciler.report()["discrepancies"]
    ]


def same(reconciler: Reconciler, undisturbed: Reconciler) -> None:
    assert shape(reconciler) == shape(undisturbed)
    assert lines(reconciler) == lines(undisturbed)
    assert reconciler.report()["totals"] == undisturbed.report()["totals"]
    assert reconciler.report()["counts"] == FOUND
    assert reconciler.unlisted_ids() == undisturbed.unlisted_ids() == set()


def one_step() -> Callable[[], float]:
    """Time for one step: the call's deadline is read before each step, the process's deadline within it."""
    looked = []

    def seconds() -> float:
        looked.append(1)
        return PLENTY if len(looked) < 12 else 59.0

    return seconds
