"""An outage says nothing about a payment: its query is due again within a minute, and uses up no part of the plan."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from payments.model.payment import Payment
from payments.model.status import Status
from payments.ports.gateway import GatewayError, NoAnswer, NotSent, Refused
from tests.fakes import samples
from tests.fakes.gateway import Fails, Refunds
from tests.payments.assembled import PaymentSystem, queried

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
    outage(system, error, 37 * 60)
    assert system.reload(payment).status is Status.PROCESSING

    outage(system, error, 60)
    after = system.reload(payment)
    assert after.status is Status.NEEDS_REVIEW
    assert after.failure is not None
    assert after.failure.code == "unresolved"
    assert "payment_needs_review" in system.telemetry.signals
    assert system.bus.types()[-1] == "payment.needs_review"


def has_passed_hours(hours: int) -> Callable[[int], bool]:
    return lambda minute: minute >= hours * 60


@pytest.mark.parametrize(
    "is_answered",
    [lambda minute: minute % 400 == 0, has_passed_hours(15), has_passed_hours(30)],
    ids=["now and then", "after 15 hours", "after 30 hours"],
)
def test_answers_between_outages_do_not_put_off_the_review(
    system: PaymentSystem, payment: Payment, is_answered: Callable[[int], bool]
) -> None:
    """The alarm unresolved-payment goes off after two days, and is promised to mean that the follow-up does not run."""
    no_news = samples.transaction("PENDING", verdict=None)
    start = system.clock()
    for minute in range(2 * 24 * 60):
        system.gateway.forget_statuses()
        system.gateway.script_statuses(no_news if is_answered(minute) else NoAnswer("timed out"))
        system.follow_up(minutes=1)
        if system.reload(payment).status is Status.NEEDS_REVIEW:
            break

    assert system.reload(payment).status is Status.NEEDS_REVIEW
    assert timedelta(hours=37) < system.clock() - start < timedelta(hours=39)


def test_a_refund_without_an_answer_is_asked_about_once_a_day_after_the_plan(system: PaymentSystem) -> None:
    paid = system.paid()
    system.gateway.script_refunds(Refunds(error=NoAnswer("reset")))
    system.refund(paid)
    outage(system, NoAnswer("timed out"), 38 * 60)
    asked = len(system.gateway.asked)

    system.gateway.script_statuses(*[NoAnswer("timed out")] * 20)
    for _ in range(10 * 24):
        system.follow_up(hours=1)

    assert 8 <= len(system.gateway.asked) - asked <= 10
    assert system.reload(paid).awaits_refund
    assert "refund_unresolved" in system.telemetry.signals


def test_an_answer_does_not_start_minutely_queries_about_an_old_refund(system: PaymentSystem) -> None:
    paid = system.paid()
    system.gateway.script_refunds(Refunds(error=NoAnswer("reset")))
    system.refund(paid)
    outage(system, NoAnswer("timed out"), 38 * 60)
    system.gateway.forget_statuses()
    system.gateway.script_statuses(samples.transaction("SUCCESS", refunded=None), *[NoAnswer("timed out")] * 20)
    system.follow_up(hours=30)
    asked = len(system.gateway.asked)

    for _ in range(10 * 24):
        system.follow_up(hours=1)

    assert 8 <= len(system.gateway.asked) - asked <= 10


def test_the_next_run_asks_again_though_each_query_hangs(system: PaymentSystem, payment: Payment) -> None:
    """Runs begin a minute apart. The third query of a run may begin after 16 s, and hang for 8 s."""

    def hang() -> None:
        system.clock.forward(seconds=8)

    system.gateway.before_status = hang
    run = system.clock() + timedelta(minutes=1)
    for nth in range(1, 10):
        system.clock.now = run + timedelta(seconds=16)
        system.gateway.script_statuses(NoAnswer("timed out"))
        system.follow_up()
        assert len(system.gateway.asked) == nth
        run += timedelta(minutes=1)
        due_at = system.reload(payment).follow_up.due_at
        assert due_at is not None
        assert due_at <= run


def test_two_runs_at_once_leave_one_schedule_and_lose_none(system: PaymentSystem, payment: Payment) -> None:
    """The first run outlives its lease, and the second run takes the payment: the earlier answer counts."""
    system.clock.forward(minutes=1)
    [due] = system.ledger.due(system.clock(), 9)
    first = system.finisher.lease(due)
    assert first is not None
    system.clock.forward(seconds=91)
    [due] = system.ledger.due(system.clock(), 9)
    second = system.finisher.lease(due)
    assert second is not None

    system.gateway.script_statuses(NoAnswer("timed out"))
    queried(system.finisher, first)
    scheduled = system.reload(payment).follow_up
    system.gateway.script_statuses(NoAnswer("timed out"))
    queried(system.finisher, second)

    after = system.reload(payment).follow_up
    assert after == scheduled
    assert after.due_at == after.ask_at
    assert after.due_at is not None
    assert system.clock() < after.due_at <= system.clock() + timedelta(seconds=60)


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
