"""A run in threads: many questions at once, up to a bound; neither bus nor gateway holds up the other."""

import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import pytest

from payments.events.event import Event
from payments.follow_up.due_payments import PAGE
from payments.follow_up.lanes import Threads
from payments.follow_up.run import RunSummary, run
from payments.model.gateway_transaction import GatewayTransaction
from payments.model.status import Status
from payments.ports.gateway import NoAnswer
from payments.ports.ledger import Due, TableBusy
from tests.fakes import samples
from tests.fakes.bus import RecordingBus
from tests.fakes.gateway import Answers, Fails, ScriptedGateway
from tests.fakes.ledger import InMemoryLedger
from tests.fakes.threads import in_threads
from tests.payments.assembled import PaymentSystem

ASKERS = 8
MANY = 40
PATIENCE = 10.0
"""Seconds after which a test that hangs fails."""


class TimedGateway(ScriptedGateway):
    """A gateway that takes real time for each query, and counts those at the same time."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds
        self.at_once, self.most = 0, 0
        self._counting = threading.Lock()

    def status(self, order_id: str, seconds: float) -> GatewayTransaction:
        """See `Gateway.status`."""
        with self._counting:
            self.at_once += 1
            self.most = max(self.most, self.at_once)
        time.sleep(self.seconds)
        try:
            return super().status(order_id, seconds)
        finally:
            with self._counting:
                self.at_once -= 1


class HangingBus(RecordingBus):
    """A bus that accepts nothing until it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.released = threading.Event()

    def publish(self, events: Sequence[Event]) -> int:
        """See `Bus.publish`."""
        assert self.released.wait(PATIENCE), "the run waits for the bus"
        return super().publish(events)


class HangingGateway(ScriptedGateway):
    """A gateway that answers no query until it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.released = threading.Event()

    def status(self, order_id: str, seconds: float) -> GatewayTransaction:
        """See `Gateway.status`."""
        with self._lock:
            self.asked.append(order_id)
        assert self.released.wait(PATIENCE), "the run waits for the gateway"
        raise NoAnswer("timed out")


def charges(system: PaymentSystem, word: str, count: int, *, published: bool) -> list[str]:
    """The ids of so many payments in doubt. `published`: their events are on the bus, so only a question is due."""
    ids = []
    for nth in range(count):
        system.gateway.script_charges(Fails(NoAnswer("timed out"), raw_status="SUCCESS"))
        request = samples.charge_request(idempotency_key=f"{word}-{nth}", order_id=None)
        ids.append(system.charge(request).payment.id)
    if published:
        for payment in system.ledger.payments():
            system.bus.publish(())
            system.ledger.advance(payment, payment.version)
    return ids


def run_in_threads(system: PaymentSystem, askers: int = ASKERS, seconds: float = 55.0) -> RunSummary:
    return run(system.finisher, lambda: seconds, system.telemetry, lanes=Threads(askers))


@pytest.mark.parametrize("published", [True, False])
def test_questions_are_asked_at_once_up_to_the_bound(system: PaymentSystem, *, published: bool) -> None:
    system.gateway = gateway = TimedGateway(0.05)
    charges(system, "in-doubt", MANY, published=published)
    system.clock.forward(minutes=2)

    summary = run_in_threads(system)

    assert gateway.most == ASKERS
    assert (summary.finished, summary.broken, len(gateway.asked)) == (MANY, 0, MANY)
    assert {payment.status for payment in system.ledger.payments()} == {Status.SUCCEEDED}
    assert not any(payment.has_unpublished for payment in system.ledger.payments())


def test_the_events_of_a_payment_keep_their_order(system: PaymentSystem) -> None:
    system.gateway = TimedGateway(0.001)
    ids = charges(system, "in-doubt", MANY, published=False)
    system.clock.forward(minutes=2)

    run_in_threads(system)

    for payment_id in ids:
        sequences = [
            event.detail["metadata"]["sequence"] for event in system.bus.events if event.payment_id == payment_id
        ]
        assert sequences == [1, 2]


def test_a_bus_that_hangs_holds_up_no_question(system: PaymentSystem) -> None:
    system.bus = bus = HangingBus()
    waiting = charges(system, "waiting", 2 * ASKERS, published=False)
    for payment in system.ledger.payments():
        system.ledger.advance(payment, payment.version)
    charges(system, "new", 3 * ASKERS, published=False)
    system.clock.forward(minutes=2)
    running = threading.Thread(target=run_in_threads, args=(system,))
    running.start()

    deadline = time.monotonic() + PATIENCE / 2
    while len(system.gateway.asked) < len(waiting) and time.monotonic() < deadline:
        time.sleep(0.01)
    asked_meanwhile = set(system.gateway.asked)
    bus.released.set()
    running.join(PATIENCE)

    assert set(waiting) <= asked_meanwhile
    assert not any(payment.has_unpublished for payment in system.ledger.payments())


def test_a_silent_gateway_holds_up_no_event_and_costs_one_question_for_each_thread(system: PaymentSystem) -> None:
    system.gateway = gateway = HangingGateway()
    charges(system, "in-doubt", 5 * ASKERS, published=True)
    system.clock.forward(minutes=2)
    system.gateway.script_charges(*[Answers("SUCCESS")] * MANY)
    for nth in range(MANY):
        system.charge(samples.charge_request(idempotency_key=f"paid-{nth}", order_id=None))
    system.clock.forward(minutes=3)
    running = threading.Thread(target=run_in_threads, args=(system,))
    running.start()

    deadline = time.monotonic() + PATIENCE / 2
    while system.bus.types().count("payment.succeeded") < MANY and time.monotonic() < deadline:
        time.sleep(0.01)
    published_meanwhile = system.bus.types().count("payment.succeeded")
    gateway.released.set()
    running.join(PATIENCE)

    assert published_meanwhile == MANY
    assert len(gateway.asked) == ASKERS


def test_two_runs_at_once_ask_and_publish_nothing_twice(system: PaymentSystem) -> None:
    system.gateway = TimedGateway(0.005)
    charges(system, "new", MANY, published=False)
    system.clock.forward(minutes=2)

    first, second = in_threads(2, lambda: run_in_threads(system, 4))

    assert isinstance(first, RunSummary)
    assert isinstance(second, RunSummary)
    assert first.finished + second.finished == MANY
    assert set(Counter(system.gateway.asked).values()) == {1}
    assert set(Counter(system.bus.ids()).values()) == {1}


class Interrupted(ScriptedGateway):
    """A gateway on which one query ends the process."""

    def status(self, order_id: str, seconds: float) -> GatewayTransaction:
        """See `Gateway.status`."""
        found = super().status(order_id, seconds)
        if len(self.asked) == ASKERS:
            raise KeyboardInterrupt
        return found


def test_an_interrupt_in_a_thread_ends_the_run_and_the_next_one_loses_nothing(system: PaymentSystem) -> None:
    system.gateway = Interrupted()
    charges(system, "new", MANY, published=False)
    system.clock.forward(minutes=2)

    with pytest.raises(KeyboardInterrupt):
        run_in_threads(system)

    assert len(system.gateway.asked) < MANY, "the others are left"
    system.clock.forward(minutes=2)
    run_in_threads(system)
    assert {payment.status for payment in system.ledger.payments()} == {Status.SUCCEEDED}
    assert not any(payment.has_unpublished for payment in system.ledger.payments())


class UnreadableIndex(InMemoryLedger):
    """An index that cannot be read on behind its first page."""

    failing = True

    def due(
        self,
        now: datetime,
        limit: int,
        shards: Iterable[int] | None = None,
        after: Due | None = None,
        *,
        newest_first: bool = False,
    ) -> Iterator[Due]:
        """See `FollowUpLedger.due`."""
        if after is not None and self.failing:
            raise TableBusy("the table is throttled")
        return super().due(now, limit, shards, after, newest_first=newest_first)


def test_a_run_that_cannot_read_on_finishes_what_it_has_begun_and_the_next_one_the_rest(system: PaymentSystem) -> None:
    system.ledger = ledger = UnreadableIndex()
    system.gateway = TimedGateway(0.005)
    charges(system, "new", 30 * PAGE, published=False)
    system.clock.forward(minutes=2)

    with pytest.raises(TableBusy):
        run_in_threads(system)

    assert len(system.gateway.asked) == sum(not payment.is_open for payment in ledger.payments())
    ledger.failing = False
    system.clock.forward(minutes=2)
    run_in_threads(system)
    assert {payment.status for payment in ledger.payments()} == {Status.SUCCEEDED}
    assert set(Counter(system.gateway.asked).values()) == {1}


class BuggyGateway(ScriptedGateway):
    """A gateway on which every third query meets a bug."""

    def status(self, order_id: str, seconds: float) -> GatewayTransaction:
        """See `Gateway.status`."""
        found = super().status(order_id, seconds)
        if int(found.transaction_id.removeprefix("PA")) % 3 == 0:
            raise KeyError("a bug")
        return found


def test_a_bug_with_one_payment_stops_no_other_thread(system: PaymentSystem) -> None:
    system.gateway = BuggyGateway()
    charges(system, "new", 30, published=False)
    system.clock.forward(minutes=2)

    summary = run_in_threads(system)

    assert (summary.finished, summary.broken) == (20, 10)
    assert system.telemetry.signals.count("unexpected_error") == 10


def test_nothing_begins_in_the_last_seconds(system: PaymentSystem) -> None:
    charges(system, "new", MANY, published=False)
    system.clock.forward(minutes=2)
    before = system.ledger.payments()

    summary = run_in_threads(system, seconds=20.0)

    assert summary == RunSummary(out_of_time=True)
    assert system.ledger.payments() == before
