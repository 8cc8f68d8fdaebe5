"""An outage says nothing about a payment: its query is due again within a minute, and uses up no part of the plan."""

from datetime import timedelta

import pytest

from payments.model.payment import Payment
from payments.model.status import Status
from payments.ports.gateway import GatewayError, NoAnswer, NotSent, Refused
from tests.fakes import samples
from tests.fakes.gateway import Fails
from tests.payments.assembled import PaymentSystem

NO_STATUS = [NoAnswer("timed out"), NotSent("no route"), Refused("no")]


@pytest.fixture
def payment(system: PaymentSystem) -> Payment:
    """A payment in doubt that the gateway has booked."""
    system.gateway.script_charges(Fails(NoAnswer("timed out"), raw_status="SUCCESS"))
    return system.charge().payment


def outage(system: PaymentSystem, error: GatewayError, minutes: int) -> None:
    """So many runs, a minute apart; the gateway answers no query."""
    for _ in range(minutes):
        system.gateway.script_statuses(error)
        system.follow_up(minutes=1)


@pytest.mark.parametrize("error", NO_STATUS, ids=lambda error: type(error).__name__)
def test_the_next_query_is_due_within_a_minute_however_long_the_outage(
    system: PaymentSystem, payment: Payment, error: GatewayError
) -> None:
    outage(system, error, 120)

    after = system.reload(payment)
    assert len(system.gateway.asked) == 120
    assert after.follow_up.ask_at is not None
    assert after.follow_up.ask_at - system.clock() <= timedelta(seconds=60)
    assert (after.status, after.follow_up.asks) == (Status.PROCESSING, 0)

    system.follow_up(minutes=1)
    assert system.reload(payment).status is Status.SUCCEEDED


@pytest.mark.parametrize("error", NO_STATUS, ids=lambda error: type(error).__name__)
def test_silence_for_the_whole_plan_puts_the_payment_into_review(
    system: PaymentSystem, payment: Payment, error: GatewayError
) -> None:
    outage(system, error, 31 * 60)
    assert system.reload(payment).status is Status.PROCESSING

    outage(system, error, 60)
    after = system.reload(payment)
    assert after.status is Status.NEEDS_REVIEW
    assert after.failure is not None
    assert after.failure.code == "unresolved"
    assert "payment_needs_review" in system.telemetry.signals
    assert system.bus.types()[-1] == "payment.needs_review"


def test_a_payment_of_the_other_mode_follows_the_plan(system: PaymentSystem, payment: Payment) -> None:
    """It can never be answered: asked about every minute, three such payments would end every run."""
    system.gateway.live = not system.gateway.live

    system.follow_up(minutes=1)

    assert system.reload(payment).follow_up.asks == 1


def test_three_payments_without_an_answer_do_not_starve_the_others(system: PaymentSystem) -> None:
    for nth in range(4):
        system.gateway.script_charges(Fails(NoAnswer("timed out"), raw_status="SUCCESS"))
        system.charge(samples.charge_request(idempotency_key=f"key-{nth}", order_id=None))
    for _ in range(3):
        system.gateway.script_statuses(*[NoAnswer("timed out")] * 3)
        system.follow_up(minutes=1)

    assert len(set(system.gateway.asked)) == 4
