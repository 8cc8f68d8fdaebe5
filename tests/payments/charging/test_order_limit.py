"""The attempts at one order are limited: its lock stays small, and a program that tries cards meets a wall."""

import pytest

from payments.charging.claim import MAX_ATTEMPTS, OrderExhausted, OrderTaken
from payments.errors import GatewayUnreachable
from payments.model.payment import Payment
from payments.ports.gateway import NotSent
from tests.fakes import samples
from tests.fakes.gateway import Answers, Fails
from tests.payments.assembled import PaymentSystem


def charge(system: PaymentSystem, nth: int) -> Payment:
    return system.charge(samples.charge_request(idempotency_key=f"key-{nth}")).payment


@pytest.fixture
def exhausted(system: PaymentSystem) -> PaymentSystem:
    """The order has had all its attempts, and each of them was declined."""
    system.gateway.script_charges(*[Answers("FAILED")] * MAX_ATTEMPTS)
    for nth in range(MAX_ATTEMPTS):
        charge(system, nth)
    return system


def test_an_order_has_a_hundred_attempts() -> None:
    assert MAX_ATTEMPTS == 100, "about 3 KB in the lock, and one batch read"


def test_one_attempt_more_is_refused_and_sends_and_records_nothing(exhausted: PaymentSystem) -> None:
    before = exhausted.ledger.payments()
    with pytest.raises(OrderExhausted) as refused:
        charge(exhausted, MAX_ATTEMPTS)
    last = refused.value.payment
    assert last.attempt == MAX_ATTEMPTS
    assert str(refused.value) == f"the order has had {MAX_ATTEMPTS} payments, the last one {last.id}"
    assert len(exhausted.gateway.submissions) == MAX_ATTEMPTS
    assert exhausted.ledger.payments() == before


def test_the_last_attempt_may_still_pay_the_order(system: PaymentSystem) -> None:
    system.gateway.script_charges(*[Answers("FAILED")] * (MAX_ATTEMPTS - 1), Answers("SUCCESS"))
    *_, last = [charge(system, nth) for nth in range(MAX_ATTEMPTS)]
    assert (last.attempt, last.status.value) == (MAX_ATTEMPTS, "succeeded")
    with pytest.raises(OrderTaken):
        charge(system, MAX_ATTEMPTS)


def test_each_used_key_still_gets_its_own_payment(exhausted: PaymentSystem) -> None:
    for nth in (0, 50, MAX_ATTEMPTS - 1):
        replayed = exhausted.charge(samples.charge_request(idempotency_key=f"key-{nth}"))
        assert (replayed.replayed, replayed.payment.attempt) == (True, nth + 1)


def test_an_attempt_that_was_never_sent_does_not_count(system: PaymentSystem) -> None:
    system.gateway.script_charges(*[Answers("FAILED")] * (MAX_ATTEMPTS - 1))
    for nth in range(MAX_ATTEMPTS - 1):
        charge(system, nth)
    for nth in range(3):
        system.gateway.script_charges(Fails(NotSent("no route")))
        with pytest.raises(GatewayUnreachable):
            charge(system, 1000 + nth)
    assert charge(system, 2000).attempt == MAX_ATTEMPTS


def test_another_order_is_free(exhausted: PaymentSystem) -> None:
    request = samples.charge_request(idempotency_key="another", order_id="another-order")
    assert exhausted.charge(request).payment.attempt == 1
