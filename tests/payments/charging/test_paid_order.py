"""An order with a paid payment takes no other, whichever of its payments is paid, and however late that was known."""

from datetime import timedelta

import pytest

from payments.charging.claim import OrderTaken
from payments.model.payment import Payment
from payments.model.status import Status
from payments.ports.gateway import NoAnswer, Refused
from payments.ports.ledger import OrderLock, Superseding
from tests.fakes import samples
from tests.fakes.gateway import Answers, Refunds
from tests.fakes.ledger import InMemoryLedger
from tests.payments.assembled import PaymentSystem


@pytest.fixture
def leaving() -> PaymentSystem:
    return PaymentSystem(left_after=timedelta(hours=1))


@pytest.fixture
def refunding() -> PaymentSystem:
    return PaymentSystem(refunds_superseded=True)


def charged(system: PaymentSystem, key: str) -> Payment:
    return system.charge(samples.charge_request(idempotency_key=key)).payment


def paid_late(system: PaymentSystem, payment: Payment) -> None:
    system.gateway.charges_of(payment.wire_order_id)[0].raw_status = "SUCCESS"
    system.webhook(system.reload(payment))
    assert system.reload(payment).status is Status.SUCCEEDED


def cancelled_and_paid(system: PaymentSystem) -> Payment:
    payment = charged(system, "first")
    system.charging.cancel(payment, samples.CALLER)
    paid_late(system, payment)
    return payment


def is_taken_by(system: PaymentSystem, payment: Payment) -> bool:
    with pytest.raises(OrderTaken) as taken:
        charged(system, "last")
    return taken.value.payment.id == payment.id


def test_a_cancelled_payment_that_was_paid_late(system: PaymentSystem) -> None:
    assert is_taken_by(system, cancelled_and_paid(system))


def test_a_left_payment_that_was_paid_after_its_successor_was_declined(leaving: PaymentSystem) -> None:
    left = charged(leaving, "first")
    leaving.clock.forward(hours=2)
    leaving.gateway.script_charges(Answers("FAILED"))
    charged(leaving, "second")
    paid_late(leaving, left)
    assert is_taken_by(leaving, left)


def test_an_abandoned_payment_that_was_paid_after_another_was_declined(system: PaymentSystem) -> None:
    system.gateway.script_charges(Answers("ABANDONED"), Answers("FAILED"))
    abandoned = charged(system, "first")
    charged(system, "second")
    paid_late(system, abandoned)
    assert is_taken_by(system, abandoned)


def test_a_late_success_whose_refund_was_refused(refunding: PaymentSystem) -> None:
    payment = cancelled_and_paid(refunding)
    refunding.gateway.script_refunds(Refunds(done=False, error=Refused("no")))
    refunding.follow_up(seconds=1)
    assert refunding.reload(payment).refund.status == "failed"
    assert is_taken_by(refunding, payment)


def test_a_late_success_takes_the_order_until_its_refund_is_requested(refunding: PaymentSystem) -> None:
    assert is_taken_by(refunding, cancelled_and_paid(refunding))


@pytest.mark.parametrize("refund", [Refunds(), Refunds(done=False, error=NoAnswer("lost"))])
def test_a_late_success_that_goes_back_by_itself_leaves_the_order_free(
    refunding: PaymentSystem, refund: Refunds
) -> None:
    cancelled_and_paid(refunding)
    refunding.gateway.script_refunds(refund)
    refunding.follow_up(seconds=1)
    assert charged(refunding, "last").attempt == 2


def test_a_late_success_that_a_person_refunded_leaves_the_order_free(system: PaymentSystem) -> None:
    payment = cancelled_and_paid(system)
    system.refund(payment)
    assert charged(system, "last").attempt == 2


def test_the_key_of_the_paid_payment_still_gets_it(system: PaymentSystem) -> None:
    payment = cancelled_and_paid(system)
    assert charged(system, "first").id == payment.id


@pytest.mark.parametrize("after_another", [False, True])
@pytest.mark.parametrize("raw_status", ["PENDING", "SUCCESS"])
def test_a_superseded_payment_on_which_the_gateway_or_a_person_decides(
    system: PaymentSystem,
    raw_status: str,
    after_another: bool,  # noqa: FBT001
) -> None:
    """It may be about to charge, or it was paid with another amount. Another payment of the order may have failed."""
    payment = charged(system, "first")
    system.charging.cancel(payment, samples.CALLER)
    if after_another:
        system.gateway.script_charges(Answers("FAILED"))
        charged(system, "second")
    if raw_status == "PENDING":
        system.gateway.charges_of(payment.wire_order_id)[0].raw_status = raw_status
    else:
        paid = samples.transaction(raw_status, amount=payment.money.amount + 1)
        system.gateway.answers[payment.wire_order_id] = paid
    system.follow_up(minutes=2)
    assert system.reload(payment).status in (Status.PENDING, Status.NEEDS_REVIEW)
    assert is_taken_by(system, payment)


def test_a_late_success_after_pending_is_signalled(system: PaymentSystem) -> None:
    payment = charged(system, "first")
    system.charging.cancel(payment, samples.CALLER)
    for raw_status in ("PENDING", "SUCCESS"):
        system.gateway.charges[0].raw_status = raw_status
        system.webhook(system.reload(payment))
    assert system.telemetry.signals.count("late_success") == 1


class CountingLedger(InMemoryLedger):
    """Counts the tries to record a payment."""

    claims = 0

    def claim(self, payment: Payment, lock: OrderLock | None, superseding: Superseding | None = None) -> Payment | None:
        self.claims += 1
        return super().claim(payment, lock, superseding)


def test_a_paid_payment_that_was_refunded_keeps_its_order_at_once() -> None:
    """Only a superseded one leaves it: a shop that refunds a paid order has not asked for another payment."""
    ledger = CountingLedger()
    system = PaymentSystem(ledger=ledger)
    payment = system.paid()
    system.refund(payment)
    before = ledger.claims
    assert is_taken_by(system, payment)
    assert ledger.claims == before + 1


def test_an_earlier_payment_that_was_paid_late_and_refunded_leaves_the_order(system: PaymentSystem) -> None:
    system.gateway.script_charges(Answers("ABANDONED"), Answers("FAILED"))
    abandoned = charged(system, "first")
    charged(system, "second")
    paid_late(system, abandoned)
    system.refund(abandoned)
    assert charged(system, "last").attempt == 3
