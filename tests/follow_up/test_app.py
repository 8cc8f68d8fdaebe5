"""The clock's door: one run finishes what is due and stops in time, whatever a single payment does to it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain, repeat

import pytest

from payments.charging.charge import Charging
from payments.follow_up.finish import FollowUps
from payments.follow_up.run import ONE_PAYMENT_SECONDS, PAGE, Round, run
from payments.model.gateway_transaction import GatewayTransaction
from payments.model.payment import Payment
from payments.model.status import Status
from payments.ports.gateway import NoAnswer
from tests.emf_lines import Console
from tests.fakes import samples
from tests.fakes.bus import RecordingBus
from tests.fakes.clock import SettableClock
from tests.fakes.gateway import Answers, Fails, ScriptedGateway
from tests.fakes.ledger import InMemoryLedger

PLENTY = 55.0
LOST = Fails(NoAnswer("no answer"), booked="SUCCESS")


class Desk:
    """Follow-ups with fakes behind them, and a way to make payments that need some."""

    def __init__(self) -> None:
        self.ledger = InMemoryLedger()
        self.gateway = ScriptedGateway()
        self.bus = RecordingBus()
        self.clock = SettableClock(datetime(2027, 1, 31, 9, 30, tzinfo=UTC))
        self.console = Console("follow_up")

    def charged(self, key: str, outcome: Answers | Fails = LOST) -> Payment:
        """Charged at the bank; unless told otherwise, the answer was lost."""
        self.gateway.will(outcome)
        order = samples.charge_request(idempotency_key=key, order_id=None)
        charging = Charging(self.ledger, self.gateway, self.clock, self.console.telemetry, live=False)
        return charging.charge(order, samples.address, 20).payment

    def runs(self, seconds_left: Callable[[], float] = lambda: PLENTY) -> Round:
        telemetry = self.console.telemetry
        follow_ups = FollowUps(self.ledger, self.gateway, self.bus, self.clock, telemetry)
        return run(follow_ups, seconds_left, telemetry)


class Broken(ScriptedGateway):
    """A gateway that brings out a bug of ours when it is asked about one payment."""

    def __init__(self, sound: ScriptedGateway, order_id: str) -> None:
        super().__init__()
        self._sound = sound
        self._order_id = order_id

    def status(self, order_id: str, seconds: float) -> GatewayTransaction:
        if order_id == self._order_id:
            raise RuntimeError("4242424242424242")
        return self._sound.status(order_id, seconds)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def sequence(*seconds: float) -> Callable[[], float]:
    left: Iterator[float] = chain(seconds, repeat(seconds[-1]))
    return lambda: next(left)


def test_nothing_due_is_nothing_done(desk: Desk) -> None:
    desk.charged("a")
    assert desk.runs() == Round(finished=0, taken_by_others=0, broken=0, out_of_time=False)
    assert desk.gateway.asked == []


def test_what_is_due_is_asked_settled_and_published(desk: Desk) -> None:
    payment = desk.charged("a")
    desk.clock.forward(minutes=1)
    assert desk.runs() == Round(finished=1, taken_by_others=0, broken=0, out_of_time=False)
    (settled,) = desk.ledger.payments()
    assert settled.status is Status.SUCCEEDED
    assert desk.bus.ids() == [f"{payment.id}:1", f"{payment.id}:2"]
    assert desk.runs().finished == 0, "and it is off the index"


def test_more_than_a_page_is_finished_in_one_run(desk: Desk) -> None:
    count = PAGE * 9
    for nth in range(count):
        desk.charged(f"key-{nth}")
    desk.clock.forward(minutes=1)
    assert desk.runs().finished == count
    assert {payment.status for payment in desk.ledger.payments()} == {Status.SUCCEEDED}


def test_one_broken_payment_stops_no_other(desk: Desk) -> None:
    for key in ("a", "b", "c"):
        desk.charged(key)
    desk.clock.forward(minutes=1)

    broken = desk.ledger.payments()[1]
    gateway, desk.gateway = desk.gateway, Broken(desk.gateway, broken.wire_order_id)
    done = desk.runs()
    desk.gateway = gateway
    assert (done.finished, done.broken) == (2, 1)
    assert "4242424242424242" not in desk.console.read()
    desk.clock.forward(minutes=2)
    assert desk.runs().finished == 1, "its lease is over, and it is tried again"


def test_a_run_begins_nothing_it_could_not_end(desk: Desk) -> None:
    for key in ("a", "b", "c"):
        desk.charged(key)
    desk.clock.forward(minutes=1)
    assert desk.runs(lambda: ONE_PAYMENT_SECONDS) == Round(0, 0, 0, out_of_time=True)
    taken, one_asked = [PLENTY] * 4, [PLENTY]
    done = desk.runs(sequence(*taken, *one_asked, ONE_PAYMENT_SECONDS))
    assert done == Round(finished=1, taken_by_others=0, broken=0, out_of_time=True)
    desk.clock.forward(minutes=2)
    assert desk.runs() == Round(finished=2, taken_by_others=0, broken=0, out_of_time=False)


def test_a_silent_gateway_is_asked_once_a_run_and_again_later(desk: Desk) -> None:
    desk.charged("a")
    desk.clock.forward(minutes=1)
    desk.gateway.will_say(NoAnswer("no answer"))
    assert desk.runs().finished == 1
    assert len(desk.gateway.asked) == 1
    (payment,) = desk.ledger.payments()
    assert payment.status is Status.PROCESSING
    assert payment.follow_up.ask_at is not None
    assert payment.follow_up.ask_at - desk.clock.now >= timedelta(seconds=60)


def test_what_the_bus_did_not_take_stays_due(desk: Desk) -> None:
    desk.charged("a")
    desk.clock.forward(minutes=1)
    desk.bus.takes = 0
    desk.runs()
    assert desk.bus.events == []
    desk.bus.takes = None
    desk.clock.forward(minutes=2)
    desk.runs()
    assert [event.detail["metadata"]["sequence"] for event in desk.bus.events] == [1, 2]


def test_two_runs_at_once_do_nothing_twice(desk: Desk) -> None:
    desk.charged("a")
    desk.clock.forward(minutes=1)
    (due,) = desk.ledger.due(desk.clock(), PAGE)
    telemetry = desk.console.telemetry
    follow_ups = FollowUps(desk.ledger, desk.gateway, desk.bus, desk.clock, telemetry)
    taken = follow_ups.take(due)
    assert taken is not None
    follow_ups.ask(taken)
    assert follow_ups.take(due) is None, "the other run read the same page of the index"
    assert len(desk.gateway.asked) == 1


def test_a_payment_that_the_shopper_left_is_asked_about_ever_more_rarely(desk: Desk) -> None:
    desk.gateway.will(Answers("REDIRECT"))
    order = samples.charge_request(order_id=None)
    Charging(desk.ledger, desk.gateway, desk.clock, desk.console.telemetry, live=False).charge(
        order, samples.address, 20
    )
    minutes = 0
    while desk.ledger.payments()[0].is_open:
        desk.clock.forward(minutes=1)
        desk.runs()
        minutes += 1
        assert minutes < 3 * 24 * 60, "somebody must look some day"
    (payment,) = desk.ledger.payments()
    assert payment.status is Status.NEEDS_REVIEW
    assert len(desk.gateway.asked) == 7
    assert desk.bus.types()[-1] == "payment.needs_review"
