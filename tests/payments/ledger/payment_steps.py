"""Steps of a payment's life cycle, written to a ledger."""

from datetime import datetime, timedelta
from typing import Any

from payments.model.payment import Payment
from payments.model.status import Status
from payments.ports.ledger import Due
from tests.fakes import samples
from tests.fakes.clock import START
from tests.payments.ledger.ledger_port import Ledger

FAR_FUTURE = START + timedelta(days=365)


def claimed(ledger: Ledger, **changes: Any) -> Payment:
    """A new payment, claimed; it holds the lock of its order if it has one."""
    payment = samples.payment(**changes)
    order = ledger.order(payment.order_id, live=payment.live) if payment.order_id else None
    assert ledger.claim(payment, order) is None
    return payment


def transitioned(ledger: Ledger, payment: Payment, to: Status, at: datetime = START, **facts: Any) -> Payment:
    """The payment after one more transition, written to the ledger."""
    after = payment.transition_to(to, at=at, source="status", evidence={"gateway_status": to.value}, **facts)
    return ledger.save(payment, after)


def stored(ledger: Ledger, payment: Payment) -> Payment:
    """The payment as the ledger has it now."""
    current = ledger.get(payment.id)
    assert current is not None
    return current


def due_payments(ledger: Ledger, now: datetime = FAR_FUTURE, limit: int = 100) -> list[Due]:
    """The payments that are due at `now`, by default all that will ever be due."""
    return list(ledger.due(now, limit))
