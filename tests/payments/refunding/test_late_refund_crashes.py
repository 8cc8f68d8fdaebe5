"""A late success and its refund, with a crash at any step of any process: refunded once in the end."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from payments.follow_up.refresh import Refreshing
from payments.model.payment import Payment
from payments.model.status import Status
from payments.ports.gateway import NoAnswer, NotSent
from payments.webhooks.handle import WebhookHandler
from tests.fakes import samples
from tests.fakes.crashing_ledger import Crash, CrashingProxy, CrashPoint
from tests.fakes.gateway import Refunds, transaction_of
from tests.payments.assembled import PaymentSystem, finish, finisher_of, queried


@dataclass
class CrashingProcess:
    """A process over the system: it dies at the given step."""

    system: PaymentSystem
    dies_at: int
    crash_point: CrashPoint = field(init=False)

    def __post_init__(self) -> None:
        self.crash_point = CrashPoint(self.dies_at)

    def around(self, target: Any) -> Any:
        return CrashingProxy(target, self.crash_point)

    def follow_up(self, payment: Payment) -> None:
        system = self.system
        finisher = finisher_of(
            self.around(system.ledger),
            self.around(system.gateway),
            self.around(system.bus),
            system.clock,
            system.telemetry,
        )
        for due in list(system.ledger.due(system.clock(), 100)):
            finish(finisher, due)

    def webhook(self, payment: Payment) -> None:
        system = self.system
        handler = WebhookHandler(
            self.around(system.ledger),
            self.around(system.gateway),
            self.around(system.bus),
            system.clock,
            system.telemetry,
            confirm=True,
        )
        handler.handle(payment, transaction_of(system.gateway.charges[0]))

    def refresh(self, payment: Payment) -> None:
        system = self.system
        ledger, gateway = self.around(system.ledger), self.around(system.gateway)
        Refreshing(ledger, gateway, system.clock, system.telemetry).refresh(payment, samples.CALLER)


Work = Callable[[CrashingProcess, Payment], None]
STEPS = 21
"""One more than the longest process has: two steps for each call to the ledger, the gateway and the bus."""

REACTIONS = {
    "made": Refunds(),
    "made without an answer": Refunds(error=NoAnswer("reset")),
    "lost on the way": Refunds(done=False, error=NoAnswer("reset")),
    "not sent": Refunds(done=False, error=NotSent("no route")),
}


def cancelled_and_paid() -> tuple[PaymentSystem, Payment]:
    """The gateway alone knows that the shopper has paid."""
    system = PaymentSystem(refunds_superseded=True)
    payment = system.charging.cancel(system.charge().payment, samples.CALLER)
    system.follow_up()
    system.gateway.charges[0].raw_status = "SUCCESS"
    return system, system.reload(payment)


def crashes(system: PaymentSystem, work: Work, payment: Payment, at: int) -> bool:
    try:
        work(CrashingProcess(system, at), payment)
    except Crash:
        return True
    return False


@pytest.mark.parametrize("work", [CrashingProcess.webhook, CrashingProcess.refresh, CrashingProcess.follow_up])
@pytest.mark.parametrize("at", range(STEPS))
def test_a_crash_around_the_verdict_loses_no_refund(work: Work, at: int) -> None:
    system, payment = cancelled_and_paid()
    system.clock.forward(seconds=61)

    crashes(system, work, payment, at)
    system.follow_up_until(lambda: system.nothing_is_due)

    assert system.reload(payment).refund.status == "refunded"
    assert len(system.gateway.refund_posts) == 1
    assert system.bus.types()[-1] == "payment.refunded"


@pytest.mark.parametrize("name", REACTIONS)
@pytest.mark.parametrize("at", range(STEPS))
def test_a_crash_around_the_refund_loses_none_and_makes_no_second_one(name: str, at: int) -> None:
    system, payment = cancelled_and_paid()
    system.follow_up_until(lambda: system.reload(payment).status is Status.SUCCEEDED)
    system.clock.forward(seconds=1)
    system.gateway.script_refunds(REACTIONS[name])

    crashes(system, CrashingProcess.follow_up, payment, at)
    system.follow_up_until(lambda: system.nothing_is_due)

    assert len(system.gateway.refund_posts) <= 1 + (name == "not sent")
    if system.reload(payment).refund.status == "failed":
        # Killed before the request left, or after one that may have been lost: no second one, a person is called.
        assert system.telemetry.signals.count("late_refund_failed") == 1
        assert name == "lost on the way" or not system.gateway.refund_posts or name == "not sent"
        return
    assert system.reload(payment).refund.status == "refunded"
    assert system.gateway.charges[0].refunded
    assert "payment.refunded" in system.bus.types()


@pytest.mark.parametrize("work", [CrashingProcess.webhook, CrashingProcess.refresh, CrashingProcess.follow_up])
def test_no_process_has_more_steps(work: Work) -> None:
    system, payment = cancelled_and_paid()
    system.clock.forward(seconds=61)
    assert not crashes(system, work, payment, STEPS)


@pytest.mark.parametrize("name", REACTIONS)
def test_no_refund_has_more_steps(name: str) -> None:
    system, payment = cancelled_and_paid()
    system.follow_up_until(lambda: system.reload(payment).status is Status.SUCCEEDED)
    system.clock.forward(seconds=1)
    system.gateway.script_refunds(REACTIONS[name])
    assert not crashes(system, CrashingProcess.follow_up, payment, STEPS)
    assert len(system.gateway.refund_posts) == 1


def test_two_runs_that_both_hold_the_payment_refund_it_once() -> None:
    """As after a lease that ended too early: each run has the same copy of the payment."""
    system, payment = cancelled_and_paid()
    system.follow_up_until(lambda: system.reload(payment).status is Status.SUCCEEDED)
    copy = system.reload(payment)

    for _ in range(2):
        queried(system.finisher, copy)

    assert len(system.gateway.refund_posts) == 1
    assert system.reload(payment).refund.status == "refunded"


def test_a_request_of_the_shop_during_the_refund_sends_nothing() -> None:
    system, payment = cancelled_and_paid()
    system.follow_up_until(lambda: system.reload(payment).status is Status.SUCCEEDED)
    copy = system.reload(payment)
    system.gateway.script_refunds(Refunds(error=NoAnswer("reset")))
    system.refund(payment)

    queried(system.finisher, copy)

    assert len(system.gateway.refund_posts) == 1
    system.clock.forward(hours=2)
    system.follow_up_until(lambda: system.nothing_is_due)
    assert system.reload(payment).refund.status == "refunded"
    assert len(system.gateway.refund_posts) == 1
