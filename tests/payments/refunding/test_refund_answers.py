"""The answer to a request for a refund, and to its retries, is about this request and not about another one."""

from dataclasses import replace

from payments.model.payment import Payment
from payments.ports.gateway import AlreadyRefunded, Refused
from tests.fakes import samples
from tests.fakes.gateway import BankCharge, Refunds
from tests.payments.assembled import PaymentSystem


def test_a_retry_of_the_last_request_is_answered_with_the_payment_alone(system: PaymentSystem, paid: Payment) -> None:
    system.gateway.script_refunds(Refunds(done=False, error=Refused("no")))
    system.refund(paid)

    retried = system.refund(paid)

    assert (retried.replayed, retried.failure) == (True, None)


def test_a_retry_of_an_earlier_request_is_answered_with_its_own_failure(system: PaymentSystem, paid: Payment) -> None:
    system.gateway.script_refunds(Refunds(done=False, error=Refused("no")))
    system.refund(paid)
    system.refund(paid, samples.refund_request(idempotency_key="refund-2"))

    retried = system.refund(paid)

    assert (retried.replayed, retried.failure) == (True, "refund_refused")
    assert retried.payment.refund.status == "refunded"


def test_a_refund_that_the_status_shows_after_a_refusal_was_answered(system: PaymentSystem, paid: Payment) -> None:
    system.gateway.charges[0].refunded = True
    refunded = system.refund(paid).payment

    assert refunded.refund.status == "refunded"
    assert refunded.refund_attempt is not None
    assert refunded.refund_attempt.answered == "verdict"


def test_the_attempt_of_another_process_is_not_answered_by_ours(system: PaymentSystem, paid: Payment) -> None:
    def taken_over(charge: BankCharge) -> None:
        charge.refunded = True
        current = system.reload(paid)
        assert current.refund_attempt is not None
        system.ledger.save(
            current, replace(current, refund_attempt=replace(current.refund_attempt, nonce="another process"))
        )

    system.gateway.before_refund_answer = taken_over
    system.gateway.script_refunds(Refunds(done=False, error=AlreadyRefunded("already")))
    system.refund(paid)

    attempt = system.reload(paid).refund_attempt
    assert attempt is not None
    assert (attempt.nonce, attempt.answered) == ("another process", None)
