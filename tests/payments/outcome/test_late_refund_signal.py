"""A person is called when the refund of a late success fails for good, once, and for no other refund."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from payments.model import refund as refunds
from payments.model.follow_up import RefundAttempt
from payments.model.history import Failure
from payments.model.payment import Payment
from payments.model.status import Status
from payments.outcome.record import update
from tests.fakes import samples
from tests.fakes.gateway import Answers
from tests.payments.assembled import PaymentSystem

FAILED_FOR_GOOD = ["refund_refused", refunds.NEVER_ARRIVED, "gateway_credentials"]


def late_success(system: PaymentSystem) -> Payment:
    """A cancelled payment that was paid, with a requested refund."""
    payment = system.charging.cancel(system.charge().payment, samples.CALLER)
    system.gateway.charges[0].raw_status = "SUCCESS"
    system.webhook(payment)
    return requested(system, payment)


def requested(system: PaymentSystem, payment: Payment) -> Payment:
    attempt = RefundAttempt("rf_1", "nonce", system.clock())
    return changed(system, payment, lambda current: refunds.requested(current, attempt, "fingerprint"))


def changed(system: PaymentSystem, payment: Payment, change: Callable[[Payment], Payment]) -> Payment:
    return update(system.reload(payment), change, system.ledger, system.telemetry)


def fails(system: PaymentSystem, payment: Payment, code: str) -> Payment:
    failure = Failure(code, "no")
    return changed(
        system,
        payment,
        lambda current: refunds.failed(current, failure, at=system.clock(), source="status", evidence={}),
    )


@pytest.fixture
def refunding() -> PaymentSystem:
    return PaymentSystem(refunds_superseded=True)


@pytest.mark.parametrize("code", FAILED_FOR_GOOD)
def test_a_failure_for_good_calls_a_person_once(refunding: PaymentSystem, code: str) -> None:
    payment = late_success(refunding)
    assert refunding.telemetry.facts_of("late_refund_failed") == []

    failed = fails(refunding, payment, code)

    assert refunding.telemetry.facts_of("late_refund_failed") == [{"payment_id": payment.id}]
    changed(refunding, failed, lambda current: replace(current, message="seen again"))
    assert refunding.telemetry.signals.count("late_refund_failed") == 1


def test_a_refund_that_was_not_sent_is_made_again_and_calls_nobody(refunding: PaymentSystem) -> None:
    fails(refunding, late_success(refunding), refunds.NOT_SENT)
    assert "payment_refund_failed" in refunding.telemetry.signals
    assert "late_refund_failed" not in refunding.telemetry.signals


@pytest.mark.parametrize("code", FAILED_FOR_GOOD)
def test_a_refund_of_a_payment_that_is_kept_calls_nobody(refunding: PaymentSystem, code: str) -> None:
    refunding.gateway.script_charges(Answers("SUCCESS"))
    payment = refunding.charge().payment
    assert payment.status is Status.SUCCEEDED
    fails(refunding, requested(refunding, payment), code)
    assert "late_refund_failed" not in refunding.telemetry.signals
