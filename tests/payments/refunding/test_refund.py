"""A refund is recorded before it is sent, sent at most once and answered alike for each retry."""

from datetime import timedelta

import pytest

from payments.errors import GatewayUnreachable, IdempotencyKeyReused, PaymentsError, SecretUnusable
from payments.model.follow_up import MIN_SEND_SECONDS
from payments.model.payment import Payment
from payments.model.status import Status
from payments.ports.gateway import NotSent, Refused
from payments.refunding.refund import Refunding
from tests.fakes import samples
from tests.fakes.gateway import Refunds
from tests.payments.assembled import PaymentSystem
from tests.payments.refunding.refund_cases import entry_names, not_refundable


class TestSending:
    def test_a_refund_is_sent_once_and_published_in_order(self, system: PaymentSystem, paid: Payment) -> None:
        refunded = system.refund(paid).payment

        assert (refunded.refund.status, refunded.status) == ("refunded", Status.SUCCEEDED)
        assert system.gateway.refund_posts == [paid.transaction_id]
        system.follow_up()
        published = [event.type for event in system.bus.events if event.payment_id == paid.id]
        assert published[-2:] == ["payment.refund_requested", "payment.refunded"]
        assert system.nothing_is_due

    def test_a_refund_is_recorded_before_it_is_sent(self, system: PaymentSystem, paid: Payment) -> None:
        seen: list[Payment] = []
        system.gateway.before_refund_answer = lambda booked: seen.append(system.reload(paid))

        system.refund(paid)

        (during,) = seen
        assert (during.refund.status, entry_names(during)[-1]) == ("requested", "refund_requested")
        assert during.follow_up.ask_at == system.clock() + timedelta(seconds=60), (
            "the follow-up finishes it after a crash"
        )

    def test_a_refund_of_another_payment_may_have_the_same_key(self, system: PaymentSystem, paid: Payment) -> None:
        other = system.paid(samples.charge_request(idempotency_key="key-2", order_id="other"))
        assert system.refund(paid).payment.refund.status == system.refund(other).payment.refund.status == "refunded"

    def test_a_new_key_cannot_refund_a_refunded_payment(self, system: PaymentSystem, paid: Payment) -> None:
        system.refund(paid)
        assert not_refundable(system, paid, "refund-2") == "already_refunded"

    def test_each_attempt_has_its_own_nonce(self, system: PaymentSystem) -> None:
        """So an attempt never mistakes the record of a concurrent attempt for its own."""
        refunding = Refunding(system.ledger, system.gateway, system.clock, system.telemetry)
        assert refunding.nonce() != system.refunding.nonce()


class TestRetrying:
    @pytest.mark.parametrize("times", [1, 3])
    def test_a_retry_returns_the_payment_as_it_is_now(self, system: PaymentSystem, paid: Payment, times: int) -> None:
        first = system.refund(paid)
        for _ in range(times):
            again = system.refund(paid)
            assert (again.replayed, again.payment) == (True, system.reload(first.payment))
        assert len(system.gateway.refund_posts) == 1

    def test_a_key_with_another_reason_is_no_retry(self, system: PaymentSystem, paid: Payment) -> None:
        system.refund(paid)
        with pytest.raises(IdempotencyKeyReused):
            system.refund(paid, samples.refund_request(reason="changed my mind"))

    def test_a_retry_is_answered_while_the_gateway_is_out_of_reach(self, system: PaymentSystem, paid: Payment) -> None:
        system.refund(paid)
        system.gateway.unready = NotSent("circuit open")
        assert system.refund(paid).replayed


class TestNotSending:
    @pytest.mark.parametrize("unready", [SecretUnusable("no key"), NotSent("circuit open")], ids=["no key", "outage"])
    def test_nothing_is_recorded_or_sent_while_the_gateway_is_not_ready(
        self, system: PaymentSystem, paid: Payment, unready: PaymentsError
    ) -> None:
        system.gateway.unready = unready
        with pytest.raises((SecretUnusable, GatewayUnreachable)):
            system.refund(paid)
        assert system.reload(paid) == paid
        assert system.gateway.refund_posts == []

    def test_a_refund_that_was_not_sent_may_try_again_with_the_same_key(
        self, system: PaymentSystem, paid: Payment
    ) -> None:
        system.gateway.script_refunds(Refunds(done=False, error=NotSent("no route")))
        with pytest.raises(GatewayUnreachable):
            system.refund(paid)
        assert system.reload(paid).refund.status == "failed"

        again = system.refund(paid)

        assert (again.replayed, again.payment.refund.status) == (False, "refunded")

    def test_a_refund_is_not_sent_when_no_time_is_left(self, system: PaymentSystem, paid: Payment) -> None:
        with pytest.raises(GatewayUnreachable):
            system.refunding.refund(paid, samples.refund_request(), MIN_SEND_SECONDS / 2)
        assert system.gateway.refund_posts == []

    def test_an_older_key_that_was_not_sent_may_try_again_after_a_newer_key(
        self, system: PaymentSystem, paid: Payment
    ) -> None:
        system.gateway.script_refunds(Refunds(done=False, error=NotSent("no route")))
        with pytest.raises(GatewayUnreachable):
            system.refund(paid)
        system.gateway.script_refunds(Refunds(done=False, error=Refused("no")))
        system.refund(paid, samples.refund_request(idempotency_key="refund-2"))
        assert system.refund(paid).payment.refund.status == "refunded"
