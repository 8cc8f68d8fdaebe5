"""Money that moved after all is never forgotten: what a verified webhook claims is asked until it is known."""

import pytest

from payments.follow_up.schedule import BACK_OFF, CONFIRMED_ASKS
from payments.model.payment import Payment
from payments.model.status import Status
from payments.ports.gateway import NoAnswer, UnknownToGateway
from payments.webhooks.handle import Outcome
from tests.fakes import samples
from tests.fakes.gateway import Answers, Fails, transaction_of
from tests.payments.assembled import PaymentSystem


@pytest.fixture
def system() -> PaymentSystem:
    return PaymentSystem()


@pytest.fixture
def declined(system: PaymentSystem) -> Payment:
    system.gateway.script_charges(Answers("FAILED"))
    payment = system.charge().payment
    system.follow_up(minutes=2)
    return system.reload(payment)


def test_it_is_found_though_the_status_api_was_down_when_the_webhook_came(
    system: PaymentSystem, declined: Payment
) -> None:
    system.gateway.charges[0].raw_status = "SUCCESS"
    system.gateway.script_statuses(NoAnswer("timeout"))
    assert system.webhook(declined) is Outcome.DEFERRED

    system.follow_up(minutes=1)

    assert system.reload(declined).status is Status.SUCCEEDED
    assert "late_success" in system.telemetry.signals
    assert system.bus.types()[-1] == "payment.succeeded"


def test_it_is_found_though_the_status_lagged_behind_the_webhook(system: PaymentSystem, declined: Payment) -> None:
    claimed = transaction_of(system.gateway.charges[0], raw_status="SUCCESS")
    assert system.webhook(declined, claimed) is Outcome.RECORDED
    system.gateway.charges[0].raw_status = "SUCCESS"

    system.follow_up(minutes=1)

    assert system.reload(declined).status is Status.SUCCEEDED


def test_a_verdict_that_is_confirmed_again_and_again_stands(system: PaymentSystem, declined: Payment) -> None:
    system.webhook(declined, transaction_of(system.gateway.charges[0], raw_status="SUCCESS"))
    asked = len(system.gateway.asked)

    for _ in range(100):
        system.follow_up(hours=1)

    assert system.reload(declined).status is Status.FAILED
    assert system.reload(declined).follow_up.due_at is None
    assert len(system.gateway.asked) == asked + CONFIRMED_ASKS


@pytest.mark.parametrize("silence", [NoAnswer("timeout"), UnknownToGateway("no such payment")])
def test_a_claim_that_can_never_be_checked_goes_to_a_human(
    system: PaymentSystem, declined: Payment, silence: NoAnswer | UnknownToGateway
) -> None:
    system.gateway.script_statuses(*[silence] * (len(BACK_OFF) + 2))
    system.webhook(declined, transaction_of(system.gateway.charges[0], raw_status="SUCCESS"))

    for _ in range(100):
        system.follow_up(hours=1)

    assert system.reload(declined).status is Status.NEEDS_REVIEW


def test_what_never_arrived_and_is_claimed_all_the_same_goes_to_a_human(system: PaymentSystem) -> None:
    system.gateway.script_charges(Fails(NoAnswer("timeout"), raw_status=None))
    payment = system.charge().payment
    system.follow_up_until(lambda: system.reload(payment).status is Status.FAILED)

    assert system.webhook(system.reload(payment), samples.transaction("SUCCESS")) is Outcome.DEFERRED
    for _ in range(100):
        system.follow_up(hours=1)

    assert system.reload(payment).status is Status.NEEDS_REVIEW


def test_a_payment_in_review_is_asked_about_and_then_left_to_its_human(system: PaymentSystem) -> None:
    system.gateway.script_charges(Fails(NoAnswer("timeout"), raw_status="SUCCESS"))
    payment = system.charge().payment
    system.gateway.script_statuses(*[NoAnswer("timeout")] * 30)
    system.follow_up_until(lambda: system.reload(payment).status is Status.NEEDS_REVIEW)
    system.webhook(system.reload(payment))

    for _ in range(200):
        system.follow_up(hours=1)

    assert system.reload(payment).status is Status.NEEDS_REVIEW
    assert system.reload(payment).follow_up.due_at is None


def test_a_last_word_against_a_success_changes_nothing_and_is_noted(system: PaymentSystem) -> None:
    system.gateway.script_charges(Answers("SUCCESS"))
    payment = system.charge().payment
    system.gateway.charges[0].raw_status = "FAILED"

    system.webhook(payment)

    assert system.reload(payment).status is Status.SUCCEEDED
    assert system.telemetry.signals.count("verdict_contradicted") == 1
