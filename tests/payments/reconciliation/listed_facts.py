"""What a row of the list may show, and a reviewer's decision."""

from typing import Any

from payments.model.payment import Payment
from payments.model.status import Status
from tests.payments.reconciliation.reconciler import Reconciler

WORDS = {"SUCCESS": "succeeded", "FAILED": "failed", "BLOCKED": "blocked", "ABANDONED": "abandoned"}


REFUNDED: dict[str, Any] = {"refund_date": "2027-02-01T08:00:00.000Z"}


CHARGED_BACK: dict[str, Any] = {"chargeback_date": "2027-03-01T08:00:00.000Z"}


SUSPICIOUS: dict[str, Any] = {"suspicious_date": "2027-02-02T08:00:00.000Z"}


def last_entry(payment: Payment) -> tuple[str, str]:
    """The name and the source of a payment's last history entry."""
    entry = payment.history[-1]
    return entry.name, entry.source


def decided(reconciler: Reconciler, payment: Payment, to: Status) -> Payment:
    """The payment after a reviewer's decision."""
    now = reconciler.standing(payment)
    evidence = {"who": "jane", "why": "asked the bank"}
    return reconciler.ledger.save(
        now, now.transition_to(to, at=reconciler.clock(), source="operator", evidence=evidence)
    )
