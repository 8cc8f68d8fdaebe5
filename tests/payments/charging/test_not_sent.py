"""A charge that was not sent says so: to the shop in the error, and to auditors in the history."""

import pytest

from payments.charging.claim import OrderTaken
from payments.errors import GatewayUnreachable, IdempotencyKeyReused
from payments.model.payment import Payment
from payments.model.status import Status
from payments.outcome.record import record
from payments.ports.gateway import NotSent
from payments.ports.ledger import OrderLock, Superseding
from tests.fakes import samples
from tests.fakes.gateway import Answers, Fails
from tests.payments.assembled import PaymentSystem

NOTHING_SENT = "the gateway could not be reached; nothing was sent"


def not_sent_after_a_retry(system: PaymentSystem) -> Payment:
    """A payment that answered a retry while it was being sent, and was not sent."""
    system.gateway.script_charges(Fails(NotSent("connect")))
    release, retried = system.ledger.release, list[Payment]()

    def retry_first(payment: Payment) -> bool:
        retried.append(system.charge().payment)
        return release(payment)

    system.ledger.release = retry_first  # type: ignore[method-assign]
    return system.charge().payment


def test_the_shop_learns_that_nothing_was_sent(system: PaymentSystem) -> None:
    system.gateway.script_charges(Fails(NotSent("connect")))

    with pytest.raises(GatewayUnreachable, match=f"^{NOTHING_SENT}$"):
        system.charge()


def test_the_shop_learns_it_in_a_retry_too(system: PaymentSystem) -> None:
    """The claim is released after the retry has read it."""
    request = samples.charge_request()
    payment = samples.payment(fingerprint=request.fingerprint(live=False))
    system.ledger.claim(payment, None)
    get = system.ledger.get

    def released_after_it_was_read(payment_id: str) -> Payment | None:
        found = get(payment_id)
        system.ledger.release(payment)
        return found

    system.ledger.get = released_after_it_was_read  # type: ignore[method-assign]

    with pytest.raises(GatewayUnreachable, match=f"^{NOTHING_SENT}$"):
        system.charging.earlier(request)


def test_the_history_names_what_happened_and_who_asked(system: PaymentSystem) -> None:
    payment = not_sent_after_a_retry(system)

    assert payment.status is Status.FAILED
    assert payment.failure is not None
    assert (payment.failure.code, payment.failure.message) == ("not_sent", NOTHING_SENT)
    assert payment.history[-1].evidence == {"sent": 0}
    assert payment.history[-1].principal == samples.CALLER


def test_a_reused_key_is_named(system: PaymentSystem) -> None:
    system.charge()

    with pytest.raises(IdempotencyKeyReused, match=r"^this idempotency key was used for another request$"):
        system.charge(samples.charge_request(order_id="another"))


def test_a_taken_order_names_its_payment(system: PaymentSystem) -> None:
    system.gateway.script_charges(Answers("SUCCESS"))
    paid = system.charge().payment

    with pytest.raises(OrderTaken, match=f"^the order has payment {paid.id}, which is succeeded$"):
        system.charge(samples.charge_request(idempotency_key="another"))


def test_a_taken_order_is_found_in_one_try(system: PaymentSystem) -> None:
    """A second try could only find the order taken again, and each one is a write."""
    system.charge()
    claim, tries = system.ledger.claim, list[Payment]()

    def counted(payment: Payment, lock: OrderLock | None, superseding: Superseding | None = None) -> Payment | None:
        tries.append(payment)
        return claim(payment, lock, superseding)

    system.ledger.claim = counted  # type: ignore[method-assign]
    with pytest.raises(OrderTaken):
        system.charge(samples.charge_request(idempotency_key="another"))
    assert len(tries) == 1


def test_the_second_retry_while_sending_writes_nothing(system: PaymentSystem) -> None:
    request = samples.charge_request()
    system.ledger.claim(samples.payment(fingerprint=request.fingerprint(live=False)), None)

    first, second = system.charging.earlier(request), system.charging.earlier(request)

    assert first is not None
    assert first.payment.replayed_while_sending
    assert second == first


def test_a_payment_with_a_status_and_no_answer_yet_is_not_marked(system: PaymentSystem) -> None:
    """The webhook was quicker than the answer: the gateway has the payment, so it is never deleted."""
    request = samples.charge_request()
    payment = samples.payment(fingerprint=request.fingerprint(live=False))
    system.ledger.claim(payment, None)
    record(payment, samples.transaction("PENDING"), "webhook", system.ledger, system.clock, system.telemetry)

    retried = system.charging.earlier(request)

    assert retried is not None
    assert (retried.payment.version, retried.payment.answered) == (2, None)
    assert not retried.payment.replayed_while_sending


def test_a_retry_of_a_payment_with_a_status_writes_nothing(system: PaymentSystem) -> None:
    """The mark is for a payment that may still be deleted, and a payment with an answer is never deleted."""
    first = system.charge().payment
    revision = system.reload(first).revision

    retried = system.charge().payment

    assert (retried.revision, retried.replayed_while_sending) == (revision, False)
