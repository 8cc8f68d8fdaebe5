"""A refusal of the gateway fails a refund only after the status API has confirmed that there is none."""

import pytest

from payments.errors import IdempotencyKeyReused
from payments.model.payment import Payment
from payments.model.status import Status
from payments.ports.gateway import CredentialsRefused, NoAnswer, Refused
from tests.fakes import samples
from tests.fakes.gateway import Refunds
from tests.payments.assembled import PaymentSystem


def test_a_refusal_fails_the_refund_and_leaves_the_payment(system: PaymentSystem, paid: Payment) -> None:
    system.gateway.script_refunds(Refunds(done=False, error=Refused("not today")))

    refused = system.refund(paid).payment

    assert (refused.status, refused.refund.status) == (Status.SUCCEEDED, "failed")
    assert refused.refund_attempt is not None
    assert refused.refund_attempt.failure is not None
    assert refused.refund_attempt.failure.code == "refund_refused"
    assert system.refund(paid).replayed, "the same key is not sent again"
    assert system.refund(paid, samples.refund_request(idempotency_key="anew")).payment.refund.status == "refunded"


def test_a_refusal_of_our_secret_key_has_its_own_failure_code(system: PaymentSystem, paid: Payment) -> None:
    system.gateway.script_refunds(Refunds(done=False, error=CredentialsRefused("Invalid Secret Key.")))
    attempt = system.refund(paid).payment.refund_attempt
    assert attempt is not None
    assert attempt.failure is not None
    assert attempt.failure.code == "gateway_credentials"


def test_a_refusal_after_a_refund_at_the_gateway_records_that_refund(system: PaymentSystem, paid: Payment) -> None:
    system.gateway.charges[0].refunded = True

    refunded = system.refund(paid).payment

    assert refunded.refund.status == "refunded"
    assert refunded.history[-1].source == "status"


def test_already_refunded_stays_in_doubt_until_the_status_api_shows_the_refund(
    system: PaymentSystem, paid: Payment
) -> None:
    system.gateway.charges[0].refunded = True
    system.gateway.script_statuses(samples.transaction("SUCCESS"))
    assert system.refund(paid).payment.refund.status == "requested"
    system.follow_up(seconds=11)
    assert system.reload(paid).refund.status == "refunded"


def test_a_refusal_after_a_chargeback_fails_the_refund_and_records_the_chargeback(
    system: PaymentSystem, paid: Payment
) -> None:
    system.gateway.charges[0].charged_back = True

    refused = system.refund(paid).payment

    assert (refused.refund.status, refused.chargeback.status) == ("failed", "charged_back")
    assert refused.refund_attempt is not None
    assert refused.refund_attempt.failure is not None
    assert refused.refund_attempt.failure.code == "already_charged_back"


def test_a_refusal_without_a_status_is_in_doubt(system: PaymentSystem, paid: Payment) -> None:
    system.gateway.script_refunds(Refunds(done=True, error=Refused("a message that nobody knows")))
    system.gateway.script_statuses(NoAnswer("503"))
    assert system.refund(paid).payment.refund.status == "requested"
    system.follow_up(seconds=11)
    assert system.reload(paid).refund.status == "refunded"


def test_a_retry_of_an_older_refused_key_is_replayed_and_not_sent_again(system: PaymentSystem, paid: Payment) -> None:
    for key in ("refund-1", "refund-2"):
        system.gateway.script_refunds(Refunds(done=False, error=Refused("no")))
        system.refund(paid, samples.refund_request(idempotency_key=key))

    again = system.refund(paid)

    assert (again.replayed, again.failure) == (True, "refund_refused")
    assert len(system.gateway.refund_posts) == 2
    with pytest.raises(IdempotencyKeyReused):
        system.refund(paid, samples.refund_request(reason="another reason"))


def test_a_refused_refund_that_the_gateway_made_after_all_is_recorded(system: PaymentSystem, paid: Payment) -> None:
    system.gateway.script_refunds(Refunds(done=False, error=Refused("no")))
    system.refund(paid)
    system.gateway.charges[0].refunded = True
    assert system.refresh(system.reload(paid)).refund.status == "refunded"
