"""Every kind of event: each legal transition and each fact in each status, from each source."""

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
from payments.model.supersession import superseded
from tests.fakes import samples
from tests.fakes.clock import START

LATER = START + timedelta(seconds=5)
FAILURES = (None, Failure("declined", "Insufficient funds."), Failure("unresolved", ""))


def events() -> Iterator[Event]:
    """Each event, and the same event republished."""
    for payment in payments():
        for event in (event_of(payment, entry) for entry in payment.history):
            yield event
            yield replayed(event)


def payments() -> Iterator[Payment]:
    yield samples.payment()
    yield samples.payment(order_id=None, live=True)
    yield superseded(replace(samples.payment(), status=Status.REQUIRES_ACTION), "pay_2", LATER)
    for source in get_args(Source):
        for start, ends in TRANSITIONS.items():
            for end in ends:
                yield from _after_transition(replace(samples.payment(), status=start), end, source)


def _after_transition(payment: Payment, end: Status, source: Source) -> Iterator[Payment]:
    for failure in FAILURES:
        after = payment.transition_to(
            end, at=LATER, source=source, evidence={}, transaction_id=samples.TRANSACTION_ID, failure=failure
        )
        requested = refunds.requested(after, RefundAttempt("rf_1", "n", LATER), "f")
        yield refunds.failed(requested, Failure("refund_refused", "no"), at=LATER, source=source, evidence={})
        refunded = refunds.refunded(requested, LATER, at=LATER, source=source, evidence={})
        yield refunded.charged_back(LATER, at=LATER, source=source, evidence={})
        yield after.charged_back(LATER, at=LATER, source=source, evidence={})
