"""A superseded payment that is paid after all is refunded, with the policy `refund`: in full, and at most once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from payments.errors import SecretUnusable
from payments.model.history import Failure
from payments.model.payment import Payment
from payments.model.status import Status
from payments.ports.gateway import CredentialsRefused, NoAnswer, NotSent, Refused
from tests.fakes import samples
from tests.fakes.gateway import Answers, Refunds
from tests.payments.assembled import PaymentSystem
from tests.payments.refunding.refund_cases import entry_names


@pytest.fixture
def refunding() -> PaymentSystem:
    """The system with the policy `refund`."""
    return PaymentSystem(refunds_superseded=True, left_after=timedelta(hours=1))


def left(system: PaymentSystem) -> Payment:
    payment = system.charge().payment
    assert payment.status is Status.REQUIRES_ACTION
    return payment


def cancelled(system: PaymentSystem) -> Payment:
    return system.charging.cancel(left(system), samples.CALLER)


def taken_over(system: PaymentSystem) -> Payment:
    payment = left(system)
    system.clock.forward(hours=2)
    system.gateway.script_charges(Answers("SUCCESS"))
    system.charge(samples.charge_request(idempotency_key="another-key"))
    return system.reload(payment)


def pays(system: PaymentSystem, payment: Payment) -> None:
    """The shopper pays on the page of a superseded payment, and the next query finds it."""
    system.gateway.charges_of(payment.wire_order_id)[0].raw_status = "SUCCESS"
    system.follow_up_until(lambda: system.reload(payment).status is Status.SUCCEEDED)


def refunded(system: PaymentSystem, payment: Payment) -> bool:
    return system.reload(payment).refund.status == "refunded"


@pytest.mark.parametrize("supersede", [cancelled, taken_over])
def test_a_late_success_is_refunded_once_and_stays_visible(
    refunding: PaymentSystem, supersede: Callable[[PaymentSystem], Payment]
) -> None:
    payment = supersede(refunding)
    assert payment.history[-1].evidence["if_paid"] == "refund"
    pays(refunding, payment)

    refunding.follow_up(seconds=60)

    assert refunded(refunding, payment)
    assert refunding.gateway.refund_posts == [refunding.reload(payment).transaction_id]
    assert refunding.telemetry.signals.count("late_success") == 1
    refunding.follow_up_until(lambda: refunding.nothing_is_due)
    assert refunding.bus.types()[-3:] == ["payment.succeeded", "payment.refund_requested", "payment.refunded"]
    assert len(refunding.gateway.refund_posts) == 1


def test_the_other_payment_of_the_order_is_kept(refunding: PaymentSystem) -> None:
    payment = taken_over(refunding)
    pays(refunding, payment)
    refunding.follow_up_until(lambda: refunding.nothing_is_due)

    assert [(charge.order_id, charge.refunded) for charge in refunding.gateway.charges] == [
        (samples.ORDER_ID, True),
        (f"{samples.ORDER_ID}~2", False),
    ]


def test_nobody_is_named_as_the_one_who_requested_it(refunding: PaymentSystem) -> None:
    payment = cancelled(refunding)
    pays(refunding, payment)
    refunding.follow_up(seconds=60)
    requested = refunding.reload(payment).history[-2]
    assert (requested.name, requested.principal) == ("refund_requested", None)


def test_with_the_policy_alarm_nothing_is_refunded(system: PaymentSystem) -> None:
    payment = cancelled(system)
    assert payment.history[-1].evidence == {"cancelled": 1}
    pays(system, payment)
    system.follow_up_until(lambda: system.nothing_is_due)
    assert system.gateway.refund_posts == []
    assert system.telemetry.signals.count("late_success") == 1


def test_the_policy_at_the_time_of_the_supersession_counts(refunding: PaymentSystem, system: PaymentSystem) -> None:
    for first, later, is_refunded in ((refunding, False, True), (system, True, False)):
        payment = cancelled(first)
        first.refunds_superseded = later
        pays(first, payment)
        first.follow_up_until(lambda first=first: first.nothing_is_due)  # type: ignore[misc]
        assert refunded(first, payment) is is_refunded


def test_a_payment_that_was_not_superseded_is_kept(refunding: PaymentSystem) -> None:
    payment = left(refunding)
    pays(refunding, payment)
    refunding.follow_up_until(lambda: refunding.nothing_is_due)
    assert refunding.gateway.refund_posts == []


@pytest.mark.parametrize("raw_status", ["FAILED", "BLOCKED", "ABANDONED"])
def test_an_unpaid_one_is_refunded_only_if_it_is_paid_later(refunding: PaymentSystem, raw_status: str) -> None:
    payment = cancelled(refunding)
    refunding.gateway.charges[0].raw_status = raw_status
    refunding.follow_up_until(lambda: refunding.nothing_is_due)
    assert refunding.gateway.refund_posts == []

    refunding.gateway.charges[0].raw_status = "SUCCESS"
    refunding.webhook(refunding.reload(payment))
    refunding.follow_up(seconds=1)

    assert refunded(refunding, payment)


@pytest.mark.parametrize("source", ["webhook", "refresh"])
def test_whoever_records_the_success_leaves_the_refund_due(refunding: PaymentSystem, source: str) -> None:
    payment = cancelled(refunding)
    refunding.gateway.charges[0].raw_status = "SUCCESS"

    refunding.webhook(payment) if source == "webhook" else refunding.refresh(payment)

    assert refunding.gateway.refund_posts == [], "only the follow-up refunds"
    refunding.follow_up(seconds=1)
    assert refunded(refunding, payment)


def test_the_answer_to_the_charge_itself_may_bring_the_success(refunding: PaymentSystem) -> None:
    """A query finds the redirect while the charge still waits; it is cancelled; then the answer says SUCCESS."""

    def cancel_meanwhile(_: object) -> None:
        (payment,) = refunding.ledger.payments()
        refunding.gateway.charges[0].raw_status = "REDIRECT"
        refunding.charging.cancel(refunding.refresh(payment), samples.CALLER)

    refunding.gateway.script_charges(Answers("SUCCESS"))
    refunding.gateway.before_answer = cancel_meanwhile
    payment = refunding.charge().payment
    assert (payment.status, payment.superseded_at is not None) == (Status.SUCCEEDED, True)

    refunding.follow_up(seconds=1)

    assert refunded(refunding, payment)


def test_a_charged_back_one_is_not_refunded(refunding: PaymentSystem) -> None:
    payment = cancelled(refunding)
    refunding.gateway.charges[0].raw_status = "SUCCESS"
    refunding.gateway.charges[0].charged_back = True
    refunding.follow_up_until(lambda: refunding.nothing_is_due)
    assert refunding.reload(payment).chargeback.status == "charged_back"
    assert refunding.gateway.refund_posts == []


def test_a_refund_by_the_shop_is_the_only_one(refunding: PaymentSystem) -> None:
    payment = cancelled(refunding)
    pays(refunding, payment)
    refunding.refund(payment)
    refunding.follow_up_until(lambda: refunding.nothing_is_due)
    assert len(refunding.gateway.refund_posts) == 1


def test_a_refund_in_doubt_is_never_sent_again(refunding: PaymentSystem) -> None:
    payment = cancelled(refunding)
    refunding.gateway.script_refunds(Refunds(error=NoAnswer("reset")))
    pays(refunding, payment)
    refunding.follow_up_until(lambda: refunding.nothing_is_due)
    assert refunded(refunding, payment)
    assert len(refunding.gateway.refund_posts) == 1


def test_a_refund_that_was_not_sent_is_made_later_as_often_as_it_takes(refunding: PaymentSystem) -> None:
    payment = cancelled(refunding)
    refunding.gateway.script_refunds(*[Refunds(done=False, error=NotSent("no route"))] * 3)
    pays(refunding, payment)

    refunding.follow_up_until(lambda: refunding.nothing_is_due)

    assert refunded(refunding, payment)
    assert len(refunding.gateway.refund_posts) == 4
    assert entry_names(refunding.reload(payment))[-8:] == ["refund_requested", "refund_failed"] * 3 + [
        "refund_requested",
        "refunded",
    ]
    assert "late_refund_failed" not in refunding.telemetry.signals


def test_a_refund_that_never_arrived_is_made_once_more(refunding: PaymentSystem) -> None:
    payment = cancelled(refunding)
    refunding.gateway.script_refunds(Refunds(done=False, error=NoAnswer("lost on the way")))
    pays(refunding, payment)

    refunding.follow_up_until(lambda: refunding.nothing_is_due)

    assert refunded(refunding, payment)
    assert len(refunding.gateway.refund_posts) == 2
    assert "late_refund_failed" not in refunding.telemetry.signals


def test_a_gateway_that_books_refunds_overnight_gets_two_requests_and_then_a_person_is_called(
    refunding: PaymentSystem,
) -> None:
    payment = cancelled(refunding)
    refunding.gateway.script_refunds(*[Refunds(done=False, error=NoAnswer("timeout"))] * 100)
    pays(refunding, payment)

    for _ in range(18 * 60):
        refunding.follow_up(minutes=1)

    assert len(refunding.gateway.refund_posts) == 2
    assert "late_refund_failed" in refunding.telemetry.signals


def test_an_unreachable_gateway_gets_it_within_a_minute_of_its_return(refunding: PaymentSystem) -> None:
    payment = cancelled(refunding)
    pays(refunding, payment)
    refunding.gateway.unready = NotSent("the circuit is open")
    for _ in range(90):
        refunding.follow_up(seconds=60)
    assert entry_names(refunding.reload(payment))[-1] == "succeeded", "nothing is recorded meanwhile"
    refunding.gateway.unready = None

    refunding.follow_up(seconds=60)

    assert refunded(refunding, payment)


def test_the_more_often_it_was_not_sent_the_longer_it_waits(refunding: PaymentSystem) -> None:
    payment = cancelled(refunding)
    pays(refunding, payment)
    refunding.gateway.script_refunds(*[Refunds(done=False, error=NotSent("no route"))] * 500)
    for _ in range(48 * 60):
        refunding.follow_up(seconds=60)
    assert 4 <= len(refunding.gateway.refund_posts) <= 8


def test_an_unusable_secret_leaves_it_due(refunding: PaymentSystem) -> None:
    payment = cancelled(refunding)
    pays(refunding, payment)
    refunding.gateway.unready = SecretUnusable("empty")
    refunding.follow_up(seconds=60)
    refunding.gateway.unready = None
    refunding.follow_up(seconds=91)
    assert refunded(refunding, payment)


@pytest.mark.parametrize("error", [Refused("no refunds today"), CredentialsRefused("bad key")])
def test_a_refused_refund_calls_a_person_and_is_not_repeated(
    refunding: PaymentSystem, error: Refused | CredentialsRefused
) -> None:
    payment = cancelled(refunding)
    refunding.gateway.script_refunds(Refunds(done=False, error=error))
    pays(refunding, payment)

    refunding.follow_up_until(lambda: refunding.nothing_is_due)

    assert refunding.reload(payment).refund.status == "failed"
    assert len(refunding.gateway.refund_posts) == 1
    assert refunding.telemetry.signals.count("late_refund_failed") == 1


def test_a_refund_that_fails_for_a_payment_that_is_kept_calls_nobody(system: PaymentSystem) -> None:
    system.gateway.script_refunds(Refunds(done=False, error=Refused("no")))
    system.refund(system.paid())
    assert "payment_refund_failed" in system.telemetry.signals
    assert "late_refund_failed" not in system.telemetry.signals


def test_what_cannot_be_refunded_here_calls_a_person_once_a_day(refunding: PaymentSystem) -> None:
    payment = cancelled(refunding)
    pays(refunding, payment)
    refunding.ledger.save(refunding.reload(payment), replace(refunding.reload(payment), transaction_id=None))

    for _ in range(50):
        refunding.follow_up(hours=1)

    assert 2 <= refunding.telemetry.signals.count("late_refund_failed") <= 3
    assert refunding.gateway.refund_posts == []


def test_one_of_the_other_mode_waits_until_the_stack_is_switched_back(refunding: PaymentSystem) -> None:
    payment = cancelled(refunding)
    pays(refunding, payment)
    refunding.gateway.live = True
    for _ in range(50):
        refunding.follow_up(hours=1)
    assert "late_refund_failed" not in refunding.telemetry.signals
    assert refunding.gateway.refund_posts == []

    refunding.gateway.live = False
    refunding.follow_up(hours=30)

    assert refunded(refunding, payment)


def test_a_review_holds_the_refund_back(refunding: PaymentSystem) -> None:
    payment = cancelled(refunding)
    pays(refunding, payment)
    paid = refunding.reload(payment)
    failure = Failure("amount_drift", "the list contradicts it")
    refunding.ledger.save(
        paid,
        paid.transition_to(
            Status.NEEDS_REVIEW, at=refunding.clock(), source="reconciliation", evidence={}, failure=failure
        ),
    )
    for _ in range(5):
        refunding.follow_up(minutes=5)
    assert refunding.gateway.refund_posts == []
