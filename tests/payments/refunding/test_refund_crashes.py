"""A refund that crashes at any step: no retry sends a refund in doubt, and the follow-up finds the outcome."""

from contextlib import suppress
from dataclasses import dataclass

import pytest

from payments.errors import PaymentsError
from payments.model.payment import Payment
from payments.ports.gateway import NoAnswer, NotSent, Refused
from payments.refunding.eligibility import NotRefundable
from payments.refunding.refund import Refunding
from tests.fakes import samples
from tests.fakes.crashing_ledger import Crash, CrashingProxy, CrashPoint
from tests.fakes.gateway import Refunds
from tests.payments.assembled import PaymentSystem


@dataclass(frozen=True)
class Scenario:
    """The gateway's reaction to the refund. `is_made`: the gateway refunds the money."""

    reaction: Refunds
    is_made: bool


SCENARIOS = {
    "made": Scenario(Refunds(), is_made=True),
    "made without an answer": Scenario(Refunds(error=NoAnswer("reset")), is_made=True),
    "made and refused": Scenario(Refunds(error=Refused("no")), is_made=True),
    "lost on the way": Scenario(Refunds(done=False, error=NoAnswer("reset")), is_made=False),
    "refused": Scenario(Refunds(done=False, error=Refused("no")), is_made=False),
    "not sent": Scenario(Refunds(done=False, error=NotSent("no route")), is_made=False),
}
STEPS = 13
"""One more than the longest scenario: two steps a call, and six calls for a refusal with its status query."""


def crash(system: PaymentSystem, payment: Payment, at: int) -> str | None:
    """Refunds and crashes at that step. Returns the step's name; None when the refund ended before it."""
    crash_point = CrashPoint(at)
    refunding = Refunding(
        CrashingProxy(system.ledger, crash_point),
        CrashingProxy(system.gateway, crash_point),
        system.clock,
        system.telemetry,
    )
    try:
        refunding.refund(payment, samples.refund_request(), 20.0)
    except Crash as crashed:
        return str(crashed)
    except PaymentsError:
        return None
    return None


@pytest.mark.parametrize("at", range(STEPS))
@pytest.mark.parametrize("name", SCENARIOS)
def test_the_follow_up_finds_the_outcome_of_a_crashed_refund(system: PaymentSystem, name: str, at: int) -> None:
    paid, scenario = system.paid(), SCENARIOS[name]
    system.gateway.script_refunds(scenario.reaction)
    crash(system, paid, at)
    sent = len(system.gateway.refund_posts)
    system.follow_up_until(lambda: system.nothing_is_due)

    refund, (booked,) = system.reload(paid).refund, system.gateway.charges
    assert (refund.status == "refunded") == booked.refunded, "our record agrees with the gateway's"
    assert refund.status != "requested"
    assert booked.refunded == (scenario.is_made and sent == 1)
    assert len(system.gateway.refund_posts) == sent <= 1, "the follow-up queries and never sends"
    published = [event.type for event in system.bus.events if event.payment_id == paid.id]
    assert len(published) == system.reload(paid).version


@pytest.mark.parametrize("at", range(STEPS))
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_retry_never_sends_a_refund_that_may_have_been_sent(system: PaymentSystem, name: str, at: int) -> None:
    paid, scenario = system.paid(), SCENARIOS[name]
    system.gateway.script_refunds(scenario.reaction)
    crash(system, paid, at)
    may_have_left = bool(system.gateway.refund_posts) and name != "not sent"
    system.gateway.script_refunds(Refunds())
    for key in ("refund-1", "refund-1", "refund-2"):
        with suppress(PaymentsError):
            system.refund(paid, samples.refund_request(idempotency_key=key))

    # Only a refund that the gateway refused or never got may be sent again.
    may_be_sent_again = name in ("refused", "not sent") and system.reload(paid).refund_attempt is not None
    assert len(system.gateway.refund_posts) <= (1 if may_have_left and not may_be_sent_again else 2)
    system.follow_up_until(lambda: system.nothing_is_due)
    assert (system.reload(paid).refund.status == "refunded") == system.gateway.charges[0].refunded


def test_no_scenario_has_more_steps(system: PaymentSystem) -> None:
    paid = system.paid()
    for name, scenario in SCENARIOS.items():
        system.gateway.script_refunds(scenario.reaction)
        with suppress(NotRefundable):
            assert crash(system, paid, STEPS) is None, name
