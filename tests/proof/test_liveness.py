"""The bound of liveness: its value, and that the plan of queries keeps it for each open status, without any machine."""

from datetime import datetime, timedelta

import pytest

from payments.follow_up.schedule import after_query
from payments.model.payment import Payment
from payments.model.status import OPEN, Status
from tests.fakes import samples
from tests.proof.liveness import BOUND, QUERIES


def test_the_bound_is_37_hours_and_47_minutes() -> None:
    assert timedelta(hours=37, minutes=46, seconds=42) == BOUND
    assert QUERIES == 7


@pytest.mark.parametrize("status", sorted(OPEN))
@pytest.mark.parametrize("key", ["key-1", "key-2", "key-3"])
def test_a_payment_that_never_gets_a_verdict_is_in_review_within_the_bound(status: Status, key: str) -> None:
    payment = samples.payment(key=key)
    if status is not Status.PROCESSING:
        payment = payment.transition_to(status, at=payment.created_at, source="answer", evidence={})
    queries = 0
    while payment.is_open:
        queries += 1
        payment = after_query(payment, _next_query(payment), arrived=True)
    assert payment.status is Status.NEEDS_REVIEW
    assert queries == QUERIES
    assert payment.updated_at - payment.created_at <= BOUND


def _next_query(payment: Payment) -> datetime:
    assert payment.follow_up.ask_at is not None, "never queried again"
    return payment.follow_up.ask_at
