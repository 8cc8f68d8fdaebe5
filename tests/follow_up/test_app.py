"""The follow-up door: one run finishes the due payments and stops in time, even if one payment causes a bug."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import chain, repeat

import pytest

from payments.charging.charge import Charging
from payments.follow_up.due_payments import PAGE
from payments.follow_up.run import ONE_PAYMENT_SECONDS, RunSummary
from payments.model.gateway_transaction import GatewayTransaction
from payments.model.status import Status
from payments.ports.gateway import NoAnswer
from tests.fakes import samples
from tests.fakes.gateway import Answers, ScriptedGateway
from tests.follow_up.follow_up_system import RUN_SECONDS, FollowUpSystem
from tests.payments.assembled import finisher_of, queried


class BuggyGateway(ScriptedGateway):
    """A gateway on which a status query for one payment raises an unexpected exception."""

    def __init__(self, working: ScriptedGateway, order_id: str) -> None:
        super().__init__()
        self._working = working
        self._order_id = order_id

    def status(self, order_id: str, seconds: float) -> GatewayTransaction:
        if order_id == self._order_id:
            raise RuntimeError("4242424242424242")
        return self._working.status(order_id, seconds)


@pytest.fixture
def system() -> FollowUpSystem:
    return FollowUpSystem()


def sequence(*seconds: float) -> Callable[[], float]:
    left: Iterator[float] = chain(seconds, repeat(seconds[-1]))
    return lambda: next(left)


def test_a_run_with_nothing_due_asks_nothing(system: FollowUpSystem) -> None:
    system.charge("a")
    assert system.run() == RunSummary(finished=0, leased_by_others=0, broken=0, out_of_time=False)
    assert system.gateway.asked == []


def test_a_due_payment_is_asked_about_recorded_and_published(system: FollowUpSystem) -> None:
    system.charge("a")
    system.clock.forward(minutes=1)
    assert system.run() == RunSummary(finished=1, leased_by_others=0, broken=0, out_of_time=False)
    (payment,) = system.ledger.payments()
    assert payment.status is Status.SUCCEEDED
    assert system.bus.ids() == [f"{payment.id}:1", f"{payment.id}:2"]
    assert system.run().finished == 0, "the payment is no longer due"


def test_one_run_finishes_more_than_a_page(system: FollowUpSystem) -> None:
    count = PAGE * 9
    for nth in range(count):
        system.charge(f"key-{nth}")
    system.clock.forward(minutes=1)
    assert system.run().finished == count
    assert {payment.status for payment in system.ledger.payments()} == {Status.SUCCEEDED}


def test_a_bug_with_one_payment_stops_no_other(system: FollowUpSystem) -> None:
    for key in ("a", "b", "c"):
        system.charge(key)
    system.clock.forward(minutes=1)

    broken = system.ledger.payments()[1]
    gateway, system.gateway = system.gateway, BuggyGateway(system.gateway, broken.wire_order_id)
    done = system.run()
    system.gateway = gateway
    assert (done.finished, done.broken) == (2, 1)
    assert "4242424242424242" not in system.console.read()
    system.clock.forward(minutes=2)
    assert system.run().finished == 1, "its lease has expired, so the next run takes it"


def test_a_run_starts_no_payment_that_it_could_not_finish(system: FollowUpSystem) -> None:
    for key in ("a", "b", "c"):
        system.charge(key)
    system.clock.forward(minutes=1)
    assert system.run(lambda: ONE_PAYMENT_SECONDS) == RunSummary(0, 0, 0, out_of_time=True)
    taken, one_asked = [RUN_SECONDS] * 4, [RUN_SECONDS]
    done = system.run(sequence(*taken, *one_asked, ONE_PAYMENT_SECONDS))
    assert done == RunSummary(finished=1, leased_by_others=0, broken=0, out_of_time=True)
    system.clock.forward(minutes=2)
    assert system.run() == RunSummary(finished=2, leased_by_others=0, broken=0, out_of_time=False)


def test_a_gateway_without_an_answer_is_asked_once_a_run_and_again_later(system: FollowUpSystem) -> None:
    system.charge("a")
    system.clock.forward(minutes=1)
    system.gateway.script_statuses(NoAnswer("no answer"))
    assert system.run().finished == 1
    assert len(system.gateway.asked) == 1
    (payment,) = system.ledger.payments()
    assert payment.status is Status.PROCESSING
    assert payment.follow_up.ask_at is not None
    assert timedelta(seconds=30) <= payment.follow_up.ask_at - system.clock.now <= timedelta(seconds=60)


def test_an_unpublished_payment_stays_due(system: FollowUpSystem) -> None:
    system.charge("a")
    system.clock.forward(minutes=1)
    system.bus.takes = 0
    system.run()
    assert system.bus.events == []
    system.bus.takes = None
    system.clock.forward(minutes=2)
    system.run()
    assert [event.detail["metadata"]["sequence"] for event in system.bus.events] == [1, 2]


def test_two_concurrent_runs_do_nothing_twice(system: FollowUpSystem) -> None:
    system.charge("a")
    system.clock.forward(minutes=1)
    (due,) = system.ledger.due(system.clock(), PAGE)
    telemetry = system.console.telemetry
    follow_ups = finisher_of(system.ledger, system.gateway, system.bus, system.clock, telemetry)
    taken = follow_ups.lease(due)
    assert taken is not None
    queried(follow_ups, taken)
    assert follow_ups.lease(due) is None, "the other run has leased it, though the index still shows it"
    assert len(system.gateway.asked) == 1


def test_an_abandoned_payment_is_asked_about_at_growing_intervals(system: FollowUpSystem) -> None:
    system.gateway.script_charges(Answers("REDIRECT"))
    order = samples.charge_request(order_id=None)
    Charging(system.ledger, system.gateway, system.clock, system.console.telemetry, live=False).charge(
        order, samples.webhook_url, 20
    )
    minutes = 0
    while system.ledger.payments()[0].is_open:
        system.clock.forward(minutes=1)
        system.run()
        minutes += 1
        assert minutes < 3 * 24 * 60, "an open payment must reach review in the end"
    (payment,) = system.ledger.payments()
    assert payment.status is Status.NEEDS_REVIEW
    assert len(system.gateway.asked) == 7
    assert system.bus.types()[-1] == "payment.needs_review"
