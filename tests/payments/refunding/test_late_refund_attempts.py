"""The refund of a late success when the first request does not succeed: tried again, put off, or left to a person."""

from dataclasses import replace
from datetime import timedelta

import pytest

from payments.charging.claim import OrderTaken
from payments.errors import GatewayUnreachable, SecretUnusable
from payments.model.history import Failure
from payments.model.payment import Payment
from payments.model.status import Status
from payments.ports.gateway import CredentialsRefused, NoAnswer, NotSent, Refused
from tests.fakes import samples
from tests.fakes.gateway import Answers, Fails, Refunds
from tests.payments.assembled import PaymentSystem, queried
from tests.payments.refunding.late_success_cases import cancelled, pays, refunded
from tests.payments.refunding.refund_cases import entry_names


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


@pytest.mark.parametrize("requests", [1, 100])
def test_a_refund_that_never_arrived_is_not_sent_again_but_calls_a_person(
    refunding: PaymentSystem, requests: int
) -> None:
    """Its evidence is a flag that may lag: a gateway that books refunds overnight would pay out each request."""
    payment = cancelled(refunding)
    refunding.gateway.script_refunds(*[Refunds(done=False, error=NoAnswer("timeout"))] * requests)
    pays(refunding, payment)

    for _ in range(18 * 60):
        refunding.follow_up(minutes=1)

    assert len(refunding.gateway.refund_posts) == 1
    assert refunding.telemetry.signals.count("late_refund_failed") == 1


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


@pytest.mark.parametrize("first", [NoAnswer("timeout"), Refused("no refunds today")])
def test_nothing_follows_by_itself_after_a_persons_request_that_was_not_sent(
    refunding: PaymentSystem, first: NoAnswer | Refused
) -> None:
    """The first one may be booked overnight: a person who sees that stops, and the service may not go on."""
    payment = cancelled(refunding)
    refunding.gateway.script_refunds(Refunds(done=False, error=first))
    pays(refunding, payment)
    for _ in range(24 * 6):
        refunding.follow_up(minutes=10)
    refunding.gateway.script_refunds(Refunds(done=False, error=NotSent("no route")))
    with pytest.raises(GatewayUnreachable):
        refunding.refund(payment)
    for _ in range(24 * 6):
        refunding.follow_up(minutes=10)
    assert len(refunding.gateway.refund_posts) == 2


@pytest.mark.parametrize("shops", [Refunds(), Refunds(done=False, error=NoAnswer("timeout"))])
def test_a_shop_that_was_faster_calls_nobody(refunding: PaymentSystem, shops: Refunds) -> None:
    """A run leases some payments, and half a minute may pass before it refunds the last of them."""
    payment, leased = leased_late_success(refunding)
    refunding.gateway.script_refunds(shops)
    refunding.refund(payment)
    queried(refunding.finisher, leased)
    assert len(refunding.gateway.refund_posts) == 1
    assert "late_refund_failed" not in refunding.telemetry.signals


def test_nothing_follows_a_refusal_that_the_run_has_not_seen(refunding: PaymentSystem) -> None:
    payment, leased = leased_late_success(refunding)
    refunding.gateway.script_refunds(Refunds(done=False, error=Refused("no")))
    refunding.refund(payment)
    queried(refunding.finisher, leased)
    assert len(refunding.gateway.refund_posts) == 1


def leased_late_success(system: PaymentSystem) -> tuple[Payment, Payment]:
    """A late success, and the copy of the run that is about to refund it."""
    payment = cancelled(system)
    system.gateway.charges[0].raw_status = "SUCCESS"
    system.webhook(system.reload(payment))
    system.clock.forward(seconds=1)
    (due,) = list(system.ledger.due(system.clock(), 100))
    leased = system.finisher.lease(due)
    assert leased is not None
    return payment, leased


def test_the_only_payment_of_an_order_is_kept() -> None:
    """Its successor never left, and was released: nobody else has paid the order, and nobody has cancelled it."""
    system = PaymentSystem(left_after=timedelta(hours=1), refunds_superseded=True)
    left = system.charge(samples.charge_request(idempotency_key="first")).payment
    system.clock.forward(hours=2)
    system.gateway.script_charges(Fails(NotSent("no route")))
    with pytest.raises(GatewayUnreachable):
        system.charge(samples.charge_request(idempotency_key="second"))
    pays(system, left)
    system.clock.forward(seconds=1)
    (due,) = list(system.ledger.due(system.clock(), 100))
    leased = system.finisher.lease(due)
    assert leased is not None
    assert not system.finisher.ask(leased).was_asked, "it says nothing about whether the gateway answers"
    for _ in range(60):
        system.follow_up(hours=1)
    assert system.gateway.refund_posts == []
    assert "late_refund_failed" not in system.telemetry.signals
    with pytest.raises(OrderTaken):
        system.charge(samples.charge_request(idempotency_key="second"))


def test_a_late_success_is_refunded_though_the_third_payment_has_its_order() -> None:
    system = PaymentSystem(left_after=timedelta(hours=1), refunds_superseded=True)
    left = system.charge(samples.charge_request(idempotency_key="first")).payment
    system.clock.forward(hours=2)
    system.gateway.script_charges(Fails(NotSent("no route")), Answers("SUCCESS"))
    with pytest.raises(GatewayUnreachable):
        system.charge(samples.charge_request(idempotency_key="second"))
    system.charge(samples.charge_request(idempotency_key="third"))
    pays(system, left)
    system.follow_up_until(lambda: system.nothing_is_due)
    assert refunded(system, left)
