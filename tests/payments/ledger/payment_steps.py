"""Steps of a payment's life, as the tests of a ledger need them."""

from datetime import datetime, timedelta
from typing import Any

from payments.model.payment import Payment
from payments.model.status import Status
from payments.ports.ledger import Due
from tests.fakes import samples
from tests.fakes.clock import START
from tests.payments.ledger.ledger_port import Ledger

EVER = START + timedelta(days=365)


def claimed(ledger: Ledger, **changes: Any) -> Payment:
    """A payment that holds its key, and its order if it has one."""
    payment = samples.payment(**changes)
    order = ledger.order(payment.order_id) if payment.order_id else None
    assert ledger.claim(payment, order) is None
    return payment


def moved(ledger: Ledger, payment: Payment, to: Status, at: datetime = START, **facts: Any) -> Payment:
    """The payment after one more transition was written."""
    after = payment.transition_to(to, at=at, source="status", evidence={"gateway_status": to.value}, **facts)
    return ledger.save(payment, after)


def standing(ledger: Ledger, payment: Payment) -> Payment:
    """What stands in the ledger now."""
    found = ledger.get(payment.id)
    assert found is not None
    return found


def all_due(ledger: Ledger, now: datetime = EVER, limit: int = 100) -> list[Due]:
    """What is due by then; anything at all, unless told otherwise."""
    return list(ledger.due(now, limit))
