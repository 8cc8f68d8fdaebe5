"""Every event that the house can make: each legal move, each fact in each status, from each witness."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import get_args

from payments.events.event import Event, event_of, replayed
from payments.model import refund as refunds
from payments.model.follow_up import RefundAttempt
from payments.model.history import Failure, Source
from payments.model.payment import Payment
from payments.model.status import TRANSITIONS, Status
from tests.fakes import samples
from tests.fakes.clock import START

LATER = START + timedelta(seconds=5)
FAILURES = (None, Failure("declined", "Insufficient funds."), Failure("unresolved", ""))


def events() -> Iterator[Event]:
    """Told once and told again."""
    for payment in payments():
        for event in (event_of(payment, entry) for entry in payment.history):
            yield event
            yield replayed(event)


def payments() -> Iterator[Payment]:
    yield samples.payment()
    yield samples.payment(order_id=None, live=True)
    for source in get_args(Source):
        for start, moves in TRANSITIONS.items():
            for end in moves:
                yield from _moved(replace(samples.payment(), status=start), end, source)


def _moved(payment: Payment, end: Status, source: Source) -> Iterator[Payment]:
    for failure in FAILURES:
        moved = payment.transition_to(
            end, at=LATER, source=source, evidence={}, transaction_id=samples.TRANSACTION_ID, failure=failure
        )
        asked = refunds.requested(moved, RefundAttempt("rf_1", "n", LATER), "f")
        yield refunds.failed(asked, Failure("refund_refused", "no"), at=LATER, source=source, evidence={})
        refunded = refunds.refunded(asked, LATER, at=LATER, source=source, evidence={})
        yield refunded.charged_back(LATER, at=LATER, source=source, evidence={})
        yield moved.charged_back(LATER, at=LATER, source=source, evidence={})
