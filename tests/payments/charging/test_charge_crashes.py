"""The process dies at any step of a charge: no retry charges again, and the follow-up finishes the payment."""

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
class Scenario:
    """The gateway's behaviour, what happened before, and the final status of the payment."""

    outcome: Answers | Fails
    ends: Status
    before: Callable[[PaymentSystem], object] = lambda system: None


def first_attempt_failed(system: PaymentSystem) -> None:
    """The order has a failed payment, so the claim reads the lock and becomes the second attempt."""
    system.gateway.script_charges(Answers("FAILED"))
    system.charge(samples.charge_request(idempotency_key="key-0"))
    system.follow_up(minutes=1)


SCENARIOS = {
    "paid": Scenario(Answers("SUCCESS"), Status.SUCCEEDED),
    "declined": Scenario(Answers("FAILED"), Status.FAILED),
    "refused": Scenario(Fails(Refused("no")), Status.FAILED),
    "paid without an answer": Scenario(Fails(NoAnswer("reset"), raw_status="SUCCESS"), Status.SUCCEEDED),
    "lost before arrival": Scenario(Fails(NoAnswer("reset")), Status.FAILED),
    "never sent": Scenario(Fails(NotSent("no route")), Status.FAILED),
    "paid at the second attempt": Scenario(Answers("SUCCESS"), Status.SUCCEEDED, first_attempt_failed),
}
STEPS = 17
"""One more than any scenario has: two steps a call, and eight calls for a second attempt."""


def charge_that_dies(system: PaymentSystem, at: int) -> str | None:
    """Charges, and dies at step `at`; returns the name of the step, or None when the charge ended before it."""
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


def wire_order_id(scenario: Scenario) -> str:
    """The wire order id of the scenario's payment."""
    return samples.ORDER_ID if scenario.before is not first_attempt_failed else f"{samples.ORDER_ID}~2"


def recorded(system: PaymentSystem) -> Payment | None:
    """The scenario's payment, None when there is none."""
    return system.ledger.get(samples.payment().id)


@pytest.mark.parametrize("at", range(STEPS))
@pytest.mark.parametrize("name", SCENARIOS)
def test_the_follow_up_finds_the_outcome(system: PaymentSystem, name: str, at: int) -> None:
    scenario = SCENARIOS[name]
    scenario.before(system)
    system.gateway.script_charges(scenario.outcome)
    charge_that_dies(system, at)
    sent = len(system.gateway.submissions)
    system.follow_up_until(lambda: system.nothing_is_due)
    payment, charges = recorded(system), system.gateway.charges_of(wire_order_id(scenario))
    if payment is None:
        assert charges == []
    else:
        # Without a charge at the bank the payment has failed, in every scenario.
        assert payment.status is (scenario.ends if charges else Status.FAILED)
        assert system.bus.ids(payment.id) == [f"{payment.id}:{n}" for n in range(1, payment.version + 1)]
    assert len(system.gateway.submissions) == sent


@pytest.mark.parametrize("at", range(STEPS))
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_retry_never_charges_again(system: PaymentSystem, name: str, at: int) -> None:
    scenario = SCENARIOS[name]
    scenario.before(system)
    earlier_charges = len(system.gateway.charges)
    system.gateway.script_charges(scenario.outcome)
    charge_that_dies(system, at)
    survived, replayed = recorded(system), []
    for _ in range(3):
        with suppress(GatewayUnreachable):
            replayed.append(system.charge())
        system.follow_up(minutes=2)
    assert [charged.replayed for charged in replayed[1:]] == [True] * len(replayed[1:])
    assert len(system.gateway.charges) - earlier_charges <= 1
    assert survived is None or all(charged.replayed for charged in replayed)


def test_no_scenario_has_more_steps(system: PaymentSystem) -> None:
    """A new call during a charge is a new step to die at, so `STEPS` must include it."""
    for scenario in SCENARIOS.values():
        fresh = PaymentSystem()
        scenario.before(fresh)
        fresh.gateway.script_charges(scenario.outcome)
        assert charge_that_dies(fresh, STEPS - 1) is None


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
