"""Money that moved after all is never forgotten: what a verified webhook claims is asked until it is known."""

import pytest

from payments.follow_up.schedule import BACK_OFF, CONFIRMED_ASKS
from payments.model.payment import Payment
from payments.model.status import Status
from payments.ports.gateway import NoAnswer, UnknownToGateway
from payments.webhooks.handle import Outcome
from tests.fakes import samples
from tests.fakes.gateway import Answers, Fails, transaction_of
from tests.payments.assembled import House


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def declined(house: House) -> Payment:
    house.gateway.will(Answers("FAILED"))
    payment = house.charge().payment
    house.follow_up(minutes=2)
    return house.standing(payment)


def test_it_is_found_though_the_status_api_was_down_when_the_webhook_came(house: House, declined: Payment) -> None:
    house.gateway.book[0].raw_status = "SUCCESS"
    house.gateway.will_say(NoAnswer("timeout"))
    assert house.webhook(declined) is Outcome.DEFERRED

    house.follow_up(minutes=1)

    assert house.standing(declined).status is Status.SUCCEEDED
    assert "late_success" in house.telemetry.signals
    assert house.bus.types()[-1] == "payment.succeeded"


def test_it_is_found_though_the_status_lagged_behind_the_webhook(house: House, declined: Payment) -> None:
    claimed = transaction_of(house.gateway.book[0], raw_status="SUCCESS")
    assert house.webhook(declined, claimed) is Outcome.SETTLED
    house.gateway.book[0].raw_status = "SUCCESS"

    house.follow_up(minutes=1)

    assert house.standing(declined).status is Status.SUCCEEDED


def test_a_verdict_that_is_confirmed_again_and_again_stands(house: House, declined: Payment) -> None:
    house.webhook(declined, transaction_of(house.gateway.book[0], raw_status="SUCCESS"))
    asked = len(house.gateway.asked)

    for _ in range(100):
        house.follow_up(hours=1)

    assert house.standing(declined).status is Status.FAILED
    assert house.standing(declined).follow_up.due_at is None
    assert len(house.gateway.asked) == asked + CONFIRMED_ASKS


@pytest.mark.parametrize("silence", [NoAnswer("timeout"), UnknownToGateway("no such payment")])
def test_a_claim_that_can_never_be_checked_goes_to_a_human(
    house: House, declined: Payment, silence: NoAnswer | UnknownToGateway
) -> None:
    house.gateway.will_say(*[silence] * (len(BACK_OFF) + 2))
    house.webhook(declined, transaction_of(house.gateway.book[0], raw_status="SUCCESS"))

    for _ in range(100):
        house.follow_up(hours=1)

    assert house.standing(declined).status is Status.NEEDS_REVIEW


def test_what_never_arrived_and_is_claimed_all_the_same_goes_to_a_human(house: House) -> None:
    house.gateway.will(Fails(NoAnswer("timeout"), booked=None))
    payment = house.charge().payment
    house.follow_up_until(lambda: house.standing(payment).status is Status.FAILED)

    assert house.webhook(house.standing(payment), samples.transaction("SUCCESS")) is Outcome.DEFERRED
    for _ in range(100):
        house.follow_up(hours=1)

    assert house.standing(payment).status is Status.NEEDS_REVIEW


def test_a_payment_in_review_is_asked_about_and_then_left_to_its_human(house: House) -> None:
    house.gateway.will(Fails(NoAnswer("timeout"), booked="SUCCESS"))
    payment = house.charge().payment
    house.gateway.will_say(*[NoAnswer("timeout")] * 30)
    house.follow_up_until(lambda: house.standing(payment).status is Status.NEEDS_REVIEW)
    house.webhook(house.standing(payment))

    for _ in range(200):
        house.follow_up(hours=1)

    assert house.standing(payment).status is Status.NEEDS_REVIEW
    assert house.standing(payment).follow_up.due_at is None


def test_a_last_word_against_a_success_changes_nothing_and_is_noted(house: House) -> None:
    house.gateway.will(Answers("SUCCESS"))
    payment = house.charge().payment
    house.gateway.book[0].raw_status = "FAILED"

    house.webhook(payment)

    assert house.standing(payment).status is Status.SUCCEEDED
    assert house.telemetry.signals.count("verdict_contradicted") == 1
