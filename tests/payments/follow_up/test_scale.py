"""After a long outage: a run finishes ten thousand due payments with the memory of one page."""

import tracemalloc
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice

import pytest

from payments.events.event import Event
from payments.follow_up.run import run
from payments.model.gateway_transaction import GatewayTransaction
from payments.model.payment import Payment, intent
from payments.ports.gateway import UnknownToGateway
from payments.ports.ledger import Due, LostRace, OrderLock
from payments.runtime.telemetry import powertools
from tests.fakes import samples
from tests.fakes.clock import START, SettableClock
from tests.fakes.gateway import ScriptedGateway
from tests.payments.assembled import finisher_of

DUE = 10_000
BOUND = 4_000_000
"""Bytes. A page is 200 payments of about 4 KB; ten thousand payments would need ten times the bound."""


class GeneratedLedger:
    """Generates its payments on demand. It keeps only the ids of due payments and of published ones."""

    def __init__(self, count: int) -> None:
        self.due_ids = {f"pay_{nth:026}": None for nth in range(count)}
        self.published_ids = set[str]()

    shards = (0,)

    def due(
        self,
        now: datetime,
        limit: int,
        shards: Iterable[int] | None = None,
        after: Due | None = None,
        *,
        newest_first: bool = False,
    ) -> Iterable[Due]:
        """Payments with one due time, in the order of their ids."""
        behind = after.payment_id if after and not newest_first else ""
        ids = (payment_id for payment_id in self.due_ids if payment_id > behind)
        return [Due(payment_id, now) for payment_id in islice(ids, 8 * limit)]

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
        return replace(payment, published=1) if payment_id in self.published_ids else payment

    def order(self, order_id: str, *, live: bool) -> OrderLock | None:
        return None

    def several(self, payment_ids: Iterable[str]) -> dict[str, Payment]:
        return {payment_id: self.get(payment_id) for payment_id in payment_ids}

    def save(self, before: Payment, after: Payment) -> Payment:
        current = self.get(before.id)
        if current.published != before.published:
            raise LostRace(current)
        del self.due_ids[before.id]
        return after

    def advance(self, payment: Payment, published: int) -> None:
        self.published_ids.add(payment.id)


class CountingBus:
    """A bus that only counts its events."""

    taken = 0

    def publish(self, events: Sequence[Event]) -> int:
        self.taken += len(events)
        return len(events)


class UnknowingGateway(ScriptedGateway):
    """A gateway without any payment. It keeps no record of the queries."""

    def status(self, order_id: str, seconds: float) -> GatewayTransaction:
        raise UnknownToGateway(order_id)


@pytest.mark.slow
def test_a_run_finishes_ten_thousand_due_payments_with_the_memory_of_one_page() -> None:
    ledger, bus, telemetry = GeneratedLedger(DUE), CountingBus(), powertools()
    clock = SettableClock(START)
    clock.forward(minutes=2)
    finisher = finisher_of(ledger, UnknowingGateway(), bus, clock, telemetry)
    tracemalloc.start()

    summary = run(finisher, lambda: 55.0, telemetry)

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (summary.finished, summary.broken, summary.out_of_time) == (DUE, 0, False)
    assert (ledger.due_ids, bus.taken) == ({}, DUE)
    assert peak < BOUND


def test_a_run_stops_in_time_and_the_next_run_continues() -> None:
    ledger, bus, telemetry = GeneratedLedger(500), CountingBus(), powertools()
    clock = SettableClock(START)
    clock.forward(minutes=2)
    finisher = finisher_of(ledger, UnknowingGateway(), bus, clock, telemetry)
    seconds = iter([55.0] * 300 + [1.0] * 10)

    first = run(finisher, lambda: next(seconds), telemetry)
    assert first.out_of_time
    assert 0 < first.finished < 500

    second = run(finisher, lambda: 55.0, telemetry)
    assert (first.finished + second.finished, ledger.due_ids) == (500, {})
