"""A late success is never lost: after a verified webhook the gateway is queried until its answer is certain."""

import pytest

from payments.follow_up.schedule import CONFIRMED_ASKS
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


def test_it_is_found_although_the_status_api_was_down_at_the_webhook(system: PaymentSystem, declined: Payment) -> None:
    system.gateway.charges[0].raw_status = "SUCCESS"
    system.gateway.script_statuses(NoAnswer("timeout"))
    assert system.webhook(declined) is Outcome.DEFERRED

    system.follow_up(minutes=1)

    assert system.reload(declined).status is Status.SUCCEEDED
    assert "late_success" in system.telemetry.signals
    assert system.bus.types()[-1] == "payment.succeeded"


def test_it_is_found_although_the_status_api_lagged_behind_the_webhook(
    system: PaymentSystem, declined: Payment
) -> None:
    claimed = transaction_of(system.gateway.charges[0], raw_status="SUCCESS")
    assert system.webhook(declined, claimed) is Outcome.RECORDED
    system.gateway.charges[0].raw_status = "SUCCESS"

    system.follow_up(minutes=1)

    assert system.reload(declined).status is Status.SUCCEEDED


def test_a_verdict_that_every_query_confirms_stays(system: PaymentSystem, declined: Payment) -> None:
    system.webhook(declined, transaction_of(system.gateway.charges[0], raw_status="SUCCESS"))
    asked = len(system.gateway.asked)

    for _ in range(100):
        system.follow_up(hours=1)

    assert system.reload(declined).status is Status.FAILED
    assert system.reload(declined).follow_up.due_at is None
    assert len(system.gateway.asked) == asked + CONFIRMED_ASKS


@pytest.mark.parametrize("silence", [NoAnswer("timeout"), UnknownToGateway("no such payment")])
def test_a_webhook_that_no_query_can_confirm_leads_to_review(
    system: PaymentSystem, declined: Payment, silence: NoAnswer | UnknownToGateway
) -> None:
    system.gateway.script_statuses(*[silence] * 100)
    system.webhook(declined, transaction_of(system.gateway.charges[0], raw_status="SUCCESS"))

    for _ in range(100):
        system.follow_up(hours=1)

    assert system.reload(declined).status is Status.NEEDS_REVIEW


@pytest.mark.parametrize(("last", "status"), [("FAILED", Status.FAILED), ("PENDING", Status.NEEDS_REVIEW)])
def test_after_an_outage_of_the_whole_plan_one_answer_that_agrees_confirms_the_verdict(
    system: PaymentSystem, declined: Payment, last: str, status: Status
) -> None:
    """The webhook is too old then for a status API that lags behind it. Another answer is a person's."""
    system.gateway.script_statuses(*[NoAnswer("timeout")] * 40)
    system.webhook(declined, transaction_of(system.gateway.charges[0], raw_status="SUCCESS"))
    for _ in range(39):
        system.follow_up(minutes=57)
    assert system.reload(declined).status is Status.FAILED
    system.gateway.charges[0].raw_status = last
    for _ in range(3):
        system.follow_up(hours=1)

    after = system.reload(declined)
    assert (after.status, after.follow_up.ask_at) == (status, None if last == "FAILED" else after.follow_up.ask_at)


def test_a_success_webhook_for_a_payment_that_never_arrived_leads_to_review(system: PaymentSystem) -> None:
    system.gateway.script_charges(Fails(NoAnswer("timeout"), raw_status=None))
    payment = system.charge().payment
    system.follow_up_until(lambda: system.reload(payment).status is Status.FAILED)

    assert system.webhook(system.reload(payment), samples.transaction("SUCCESS")) is Outcome.DEFERRED
    for _ in range(100):
        system.follow_up(hours=1)

    assert system.reload(payment).status is Status.NEEDS_REVIEW


def test_a_payment_in_review_is_queried_a_limited_number_of_times(system: PaymentSystem) -> None:
    system.gateway.script_charges(Fails(NoAnswer("timeout"), raw_status="SUCCESS"))
    payment = system.charge().payment
    system.gateway.script_statuses(*[NoAnswer("timeout")] * 300)
    for _ in range(40):
        system.follow_up(hours=1)
    assert system.reload(payment).status is Status.NEEDS_REVIEW
    system.webhook(system.reload(payment))

    for _ in range(200):
        system.follow_up(hours=1)

    assert system.reload(payment).status is Status.NEEDS_REVIEW
    assert system.reload(payment).follow_up.due_at is None


def test_a_final_status_against_a_success_changes_nothing_and_is_signalled(system: PaymentSystem) -> None:
    system.gateway.script_charges(Answers("SUCCESS"))
    payment = system.charge().payment
    system.gateway.charges[0].raw_status = "FAILED"

    system.webhook(payment)

    assert system.reload(payment).status is Status.SUCCEEDED
    assert system.telemetry.signals.count("verdict_contradicted") == 1
