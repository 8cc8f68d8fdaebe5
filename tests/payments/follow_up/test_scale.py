"""A morning after an outage: ten thousand due payments, drained with the memory of one page."""

import tracemalloc
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice

from payments.events.event import Event
from payments.follow_up.finish import FollowUps
from payments.follow_up.run import run
from payments.model.gateway_transaction import GatewayTransaction
from payments.model.payment import Payment, intent
from payments.ports.gateway import UnknownToGateway
from payments.ports.ledger import Due, LostRace
from payments.runtime.telemetry import powertools
from tests.fakes import samples
from tests.fakes.clock import START, SettableClock
from tests.fakes.gateway import ScriptedGateway

DUE = 10_000
BOUND = 4_000_000
"""Bytes: a page is 200 payments of about 4 KB; ten thousand of them would be ten times this."""


class Endless:
    """Makes its payments when they are asked for, and keeps of them only who is still due, and who was told of."""

    def __init__(self, many: int) -> None:
        self.left = {f"pay_{nth:026}": None for nth in range(many)}
        self.told = set[str]()

    def due(self, now: datetime, limit: int) -> Iterable[Due]:
        return [Due(payment_id, now) for payment_id in islice(self.left, 8 * limit)]

    def lease(self, due: Due, until: datetime) -> Payment | None:
        return self.get(due.payment_id)

    def get(self, payment_id: str) -> Payment:
        payment = intent(
            payment_id,
            fingerprint="f",
            money=samples.MONEY,
            live=False,
            order_id=None,
            card=samples.card().facts,
            at=START,
        )
        return replace(payment, published=1) if payment_id in self.told else payment

    def save(self, before: Payment, after: Payment) -> Payment:
        current = self.get(before.id)
        if current.published != before.published:
            raise LostRace(current)
        del self.left[before.id]
        return after

    def advance(self, payment: Payment, published: int) -> None:
        self.told.add(payment.id)


class Counting:
    """A bus that keeps nothing but the number."""

    taken = 0

    def publish(self, events: Sequence[Event]) -> int:
        self.taken += len(events)
        return len(events)


class Forgetful(ScriptedGateway):
    """A gateway that knows none of them, and does not remember having been asked."""

    def status(self, order_id: str, seconds: float) -> GatewayTransaction:
        raise UnknownToGateway(order_id)


def test_ten_thousand_due_payments_are_drained_within_the_memory_of_one_page() -> None:
    ledger, bus, telemetry = Endless(DUE), Counting(), powertools()
    clock = SettableClock(START)
    clock.forward(minutes=2)
    follow_ups = FollowUps(ledger, Forgetful(), bus, clock, telemetry)
    tracemalloc.start()

    done = run(follow_ups, lambda: 55.0, telemetry)

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (done.finished, done.broken, done.out_of_time) == (DUE, 0, False)
    assert (ledger.left, bus.taken) == ({}, DUE)
    assert peak < BOUND


def test_a_run_stops_in_time_and_the_next_goes_on() -> None:
    ledger, bus, telemetry = Endless(500), Counting(), powertools()
    clock = SettableClock(START)
    clock.forward(minutes=2)
    follow_ups = FollowUps(ledger, Forgetful(), bus, clock, telemetry)
    seconds = iter([55.0] * 300 + [1.0] * 10)

    first = run(follow_ups, lambda: next(seconds), telemetry)
    assert first.out_of_time
    assert 0 < first.finished < 500

    second = run(follow_ups, lambda: 55.0, telemetry)
    assert (first.finished + second.finished, ledger.left) == (500, {})
