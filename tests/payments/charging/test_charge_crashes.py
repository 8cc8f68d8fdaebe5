"""A charge that dies at any step: what remains, that no repeat of it charges again, and that the follow-up finishes it."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import pytest

from payments.charging.charge import Charging
from payments.errors import GatewayUnreachable, PaymentsError
from payments.model.payment import Payment
from payments.model.status import Status
from payments.ports.gateway import NoAnswer, NotSent, Refused
from tests.fakes import samples
from tests.fakes.crashing_ledger import Crash, CrashingProxy, CrashPoint
from tests.fakes.gateway import Answers, Fails
from tests.payments.assembled import PaymentSystem


@dataclass(frozen=True)
class Story:
    """What the gateway does, and what the payment must be in the end."""

    outcome: Answers | Fails
    ends: Status
    before: Callable[[PaymentSystem], object] = lambda system: None


def first_attempt_failed(system: PaymentSystem) -> None:
    """The order is known, so the claim reads it and takes its second place."""
    system.gateway.script_charges(Answers("FAILED"))
    system.charge(samples.charge_request(idempotency_key="key-0"))
    system.follow_up(minutes=1)


STORIES = {
    "paid": Story(Answers("SUCCESS"), Status.SUCCEEDED),
    "declined": Story(Answers("FAILED"), Status.FAILED),
    "refused": Story(Fails(Refused("no")), Status.FAILED),
    "paid without an answer": Story(Fails(NoAnswer("reset"), raw_status="SUCCESS"), Status.SUCCEEDED),
    "lost on the way": Story(Fails(NoAnswer("reset")), Status.FAILED),
    "never sent": Story(Fails(NotSent("no route")), Status.FAILED),
    "paid at the second attempt": Story(Answers("SUCCESS"), Status.SUCCEEDED, first_attempt_failed),
}
STEPS = 17
"""One more than any story has: two a call, and eight calls where an order is tried again."""


def dies(system: PaymentSystem, at: int) -> str | None:
    """A charge that dies at that step: the step's name, None when the charge was over before."""
    crash_point = CrashPoint(at)
    charging = Charging(
        CrashingProxy(system.ledger, crash_point),
        CrashingProxy(system.gateway, crash_point),
        system.clock,
        system.telemetry,
        live=False,
    )
    try:
        charging.charge(samples.charge_request(), samples.webhook_url, 20.0)
    except Crash as crash:
        return str(crash)
    except PaymentsError:
        return None
    return None


def wire_order_id(story: Story) -> str:
    """The name under which the bank knows this story's payment."""
    return samples.ORDER_ID if story.before is not first_attempt_failed else f"{samples.ORDER_ID}~2"


def only(system: PaymentSystem) -> Payment | None:
    """The payment of this story."""
    return system.ledger.get(samples.payment().id)


@pytest.mark.parametrize("at", range(STEPS))
@pytest.mark.parametrize("name", STORIES)
def test_the_follow_up_finds_out_what_became_of_it(system: PaymentSystem, name: str, at: int) -> None:
    story = STORIES[name]
    story.before(system)
    system.gateway.script_charges(story.outcome)
    dies(system, at)
    sent = len(system.gateway.submissions)
    system.follow_up_until(lambda: system.nothing_is_due)
    payment, held = only(system), system.gateway.charges_of(wire_order_id(story))
    if payment is None:
        assert held == []
    else:
        # A payment of which the bank knows nothing has failed, whatever the bank would have said.
        assert payment.status is (story.ends if held else Status.FAILED)
        assert system.bus.ids(payment.id) == [f"{payment.id}:{n}" for n in range(1, payment.version + 1)]
    assert len(system.gateway.submissions) == sent


@pytest.mark.parametrize("at", range(STEPS))
@pytest.mark.parametrize("name", STORIES)
def test_a_repeat_never_charges_again(system: PaymentSystem, name: str, at: int) -> None:
    story = STORIES[name]
    story.before(system)
    booked = len(system.gateway.charges)
    system.gateway.script_charges(story.outcome)
    dies(system, at)
    stood, replayed = only(system), []
    for _ in range(3):
        with suppress(GatewayUnreachable):
            replayed.append(system.charge())
        system.follow_up(minutes=2)
    assert [charged.replayed for charged in replayed[1:]] == [True] * len(replayed[1:])
    assert len(system.gateway.charges) - booked <= 1
    assert stood is None or all(charged.replayed for charged in replayed)


def test_the_steps_are_all_there_are(system: PaymentSystem) -> None:
    """A new call on the way of a charge is a new place to die: it must be among the steps above."""
    for story in STORIES.values():
        fresh = PaymentSystem()
        story.before(fresh)
        fresh.gateway.script_charges(story.outcome)
        assert dies(fresh, STEPS - 1) is None


def test_a_charge_on_the_warm_path_is_two_writes_and_one_post() -> None:
    system, crash_point = PaymentSystem(), CrashPoint()
    Charging(
        CrashingProxy(system.ledger, crash_point),
        CrashingProxy(system.gateway, crash_point),
        system.clock,
        system.telemetry,
        live=False,
    ).charge(samples.charge_request(), samples.webhook_url, 20.0)
    assert [step for step in crash_point.steps if step.startswith("before")] == [
        "before ensure_ready",
        "before claim",
        "before charge",
        "before save",
    ]
