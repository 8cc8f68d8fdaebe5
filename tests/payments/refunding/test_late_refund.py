"""A superseded payment that is paid after all is refunded, with the policy `refund`: in full, and at most once."""

from collections.abc import Callable

import pytest

from payments.model.payment import Payment
from payments.model.status import Status
from tests.fakes import samples
from tests.fakes.gateway import Answers
from tests.payments.assembled import PaymentSystem
from tests.payments.refunding.late_success_cases import cancelled, left, pays, refunded, taken_over


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
