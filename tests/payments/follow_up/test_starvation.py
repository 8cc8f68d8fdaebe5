"""A gateway that does not answer delays no event: a run publishes all known outcomes before its first query."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from payments.charging.charge import Charging
from payments.events.event import Event
from payments.follow_up.run import RunSummary, run
from payments.model.follow_up import LEFT_TO_RELAY
from payments.model.gateway_transaction import GatewayTransaction
from payments.model.status import Status
from payments.outcome.status_query import MAX_UNANSWERED
from payments.ports.gateway import NoAnswer
from payments.runtime.telemetry import powertools
from tests.fakes import samples
from tests.fakes.bus import RecordingBus
from tests.fakes.clock import SettableClock
from tests.fakes.gateway import Answers, Fails, ScriptedGateway
from tests.fakes.ledger import InMemoryLedger
from tests.payments.assembled import finisher_of

IN_DOUBT = 300
HANGING = 8.0


class HangingGateway(ScriptedGateway):
    """A gateway with queries that time out after `HANGING` seconds."""

    def __init__(self, clock: SettableClock) -> None:
        super().__init__()
        self._clock = clock

    def status(self, order_id: str, seconds: float) -> GatewayTransaction:
        self.asked.append(order_id)
        self._clock.forward(seconds=HANGING)
        raise NoAnswer("timeout")


class SlowBus(RecordingBus):
    """A bus that takes `seconds` for each call."""

    def __init__(self, clock: SettableClock, seconds: float, takes: int | None) -> None:
        super().__init__(takes)
        self.calls = 0
        self._clock, self._seconds = clock, seconds

    def publish(self, events: Sequence[Event]) -> int:
        self.calls += 1
        self._clock.forward(seconds=self._seconds)
        return super().publish(events)


def run_with(clock: SettableClock, ledger: InMemoryLedger, gateway: ScriptedGateway, bus: SlowBus) -> RunSummary:
    """One run of 55 s over as many payments in doubt as a page has, and the events of them all."""
    telemetry = powertools()
    charging = Charging(ledger, gateway, clock, telemetry, live=False)
    for nth in range(100):
        gateway.script_charges(Fails(NoAnswer("timeout"), raw_status="SUCCESS"))
        charging.charge(
            samples.charge_request(idempotency_key=f"in-doubt-{nth}", order_id=None), samples.webhook_url, 20
        )
    clock.forward(minutes=5)
    ends = clock() + timedelta(seconds=55)
    finisher = finisher_of(ledger, gateway, bus, clock, telemetry)

    def seconds_left() -> float:
        return (ends - clock()).total_seconds()

    return run(finisher, seconds_left, telemetry)


@pytest.mark.parametrize(
    ("seconds", "takes", "calls"), [(5.0, 0, 2), (3.0, None, 3), (1.001, None, 8)], ids=["hangs", "slow", "slowish"]
)
def test_a_bus_in_trouble_does_not_starve_the_queries(seconds: float, takes: int | None, calls: int) -> None:
    clock, ledger, gateway = SettableClock(), InMemoryLedger(), ScriptedGateway()
    bus = SlowBus(clock, seconds, takes)

    summary = run_with(clock, ledger, gateway, bus)

    assert (summary.finished, len(gateway.asked)) == (100, 100)
    assert {payment.status for payment in ledger.payments()} == {Status.SUCCEEDED}
    assert bus.calls == calls
    assert all(payment.follow_up.due_at is not None for payment in ledger.payments() if payment.has_unpublished)


def test_a_healthy_bus_has_no_budget() -> None:
    clock, ledger, gateway = SettableClock(), InMemoryLedger(), ScriptedGateway()
    bus = SlowBus(clock, 0.1, None)

    run_with(clock, ledger, gateway, bus)

    assert not any(payment.has_unpublished for payment in ledger.payments())


def test_a_bus_and_a_gateway_that_both_hang_leave_time_for_three_queries() -> None:
    clock, ledger = SettableClock(), InMemoryLedger()
    gateway = HangingGateway(clock)

    run_with(clock, ledger, gateway, SlowBus(clock, 5.0, 0))

    assert len(gateway.asked) == MAX_UNANSWERED


def test_the_next_run_tries_the_bus_again() -> None:
    clock, ledger, gateway = SettableClock(), InMemoryLedger(), ScriptedGateway()
    run_with(clock, ledger, gateway, SlowBus(clock, 5.0, 0))
    clock.forward(minutes=2)
    bus = RecordingBus()

    run(finisher_of(ledger, gateway, bus, clock, powertools()), lambda: 55.0, powertools())

    assert bus.types().count("payment.succeeded") == 100


def test_events_of_paid_payments_are_published_in_the_first_run_of_an_outage() -> None:
    clock, ledger, bus, telemetry = SettableClock(), InMemoryLedger(), RecordingBus(), powertools()
    gateway = HangingGateway(clock)
    charging = Charging(ledger, gateway, clock, telemetry, live=False)
    for nth in range(IN_DOUBT):
        gateway.script_charges(Fails(NoAnswer("timeout"), raw_status="SUCCESS"))
        charging.charge(
            samples.charge_request(idempotency_key=f"in-doubt-{nth}", order_id=None), samples.webhook_url, 20
        )
    clock.forward(minutes=3)
    gateway.script_charges(*[Answers("SUCCESS")] * 8)
    for nth in range(8):
        charging.charge(samples.charge_request(idempotency_key=f"paid-{nth}", order_id=None), samples.webhook_url, 20)
    clock.forward(seconds=LEFT_TO_RELAY.total_seconds())
    ends = clock.forward(seconds=55)
    clock.forward(seconds=-55)

    def seconds_left() -> float:
        return (ends - clock()).total_seconds()

    summary = run(finisher_of(ledger, gateway, bus, clock, telemetry), seconds_left, telemetry)

    assert bus.types().count("payment.succeeded") == 8
    assert len(gateway.asked) == MAX_UNANSWERED
    assert summary.broken == 0
    assert {payment.status for payment in ledger.payments()} == {Status.PROCESSING, Status.SUCCEEDED}
