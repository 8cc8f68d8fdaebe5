"""Charging: every outcome of a request, and what was sent to the gateway for it."""

from dataclasses import replace
from decimal import Decimal

import pytest

from payments.charging.claim import OrderTaken
from payments.errors import GatewayUnreachable, IdempotencyKeyReused, SecretUnusable
from payments.model.history import Failure, FieldError
from payments.model.money import Money
from payments.model.status import FREES_THE_ORDER, Status
from payments.ports.gateway import CredentialsRefused, NoAnswer, NotSent, Refused
from payments.ports.ledger import OrderLock
from tests.fakes import samples
from tests.fakes.gateway import Answers, Fails
from tests.payments.assembled import PaymentSystem

FIELD = FieldError("zip", "refused_by_gateway", "unknown")


class TestRequest:
    def test_the_gateway_gets_the_request_and_the_webhook_address(self, system: PaymentSystem) -> None:
        payment = system.charge(samples.charge_request(terminal_id="T1")).payment
        assert system.gateway.submissions == [
            samples.submission(webhook_url=samples.webhook_url(payment.id), terminal_id="T1")
        ]

    def test_without_an_order_the_payment_id_is_the_wire_order_id(self, system: PaymentSystem) -> None:
        payment = system.charge(samples.charge_request(order_id=None)).payment
        assert [sent.order_id for sent in system.gateway.submissions] == [payment.id]
        assert system.ledger.order(payment.id, live=False) is None

    def test_nothing_is_sent_or_recorded_without_usable_secrets(self, system: PaymentSystem) -> None:
        system.gateway.unready = SecretUnusable("no key")
        with pytest.raises(SecretUnusable):
            system.charge()
        assert system.ledger.payments() == []
        assert system.gateway.submissions == []

    def test_nothing_is_sent_or_recorded_while_the_gateway_is_unreachable(self, system: PaymentSystem) -> None:
        system.gateway.unready = NotSent("circuit open")
        with pytest.raises(GatewayUnreachable):
            system.charge()
        assert system.ledger.payments() == []
        assert system.gateway.submissions == []


class TestAnswer:
    @pytest.mark.parametrize(
        ("raw_status", "status"),
        [
            ("SUCCESS", Status.SUCCEEDED),
            ("FAILED", Status.FAILED),
            ("BLOCKED", Status.BLOCKED),
            ("ABANDONED", Status.ABANDONED),
            ("REDIRECT", Status.REQUIRES_ACTION),
            ("PENDING", Status.PENDING),
        ],
    )
    def test_a_known_status_word_is_recorded(self, system: PaymentSystem, raw_status: str, status: Status) -> None:
        system.gateway.script_charges(Answers(raw_status))
        charged = system.charge()
        assert charged.payment == system.reload(charged.payment)
        assert (charged.payment.status, charged.payment.answered) == (status, "verdict")
        assert [(entry.status, entry.source) for entry in charged.payment.history] == [
            (Status.PROCESSING, "request"),
            (status, "answer"),
        ]
        assert charged.payment.redirect_url == (samples.SHOPPER_PAGE if raw_status == "REDIRECT" else None)

    @pytest.mark.parametrize("raw_status", ["INIT", "SOMETHING NEW"])
    def test_a_word_without_a_verdict_is_in_doubt_and_proves_arrival(
        self, system: PaymentSystem, raw_status: str
    ) -> None:
        system.gateway.script_charges(Answers(raw_status))
        payment = system.charge().payment
        assert (payment.status, payment.answered, payment.follow_up.arrived) == (Status.PROCESSING, "in_doubt", True)

    @pytest.mark.parametrize(
        ("error", "failure"),
        [
            (Refused("no", (FIELD,)), Failure("invalid_request", "no", (FIELD,))),
            (CredentialsRefused("bad key"), Failure("gateway_credentials", "bad key")),
        ],
    )
    def test_a_refusal_fails_the_payment(self, system: PaymentSystem, error: Refused, failure: Failure) -> None:
        system.gateway.script_charges(Fails(error))
        payment = system.charge().payment
        assert (payment.status, payment.failure, payment.answered) == (Status.FAILED, failure, "verdict")
        assert payment == system.reload(payment)

    @pytest.mark.parametrize("raw_status", [None, "SUCCESS", "FAILED"])
    def test_without_an_answer_the_status_is_queried_and_nothing_is_sent_again(
        self, system: PaymentSystem, raw_status: str | None
    ) -> None:
        system.gateway.script_charges(Fails(NoAnswer("timed out"), raw_status=raw_status))
        payment = system.charge().payment
        assert (payment.status, payment.answered) == (Status.PROCESSING, "in_doubt")
        assert payment.follow_up.due_at == payment.follow_up.ask_at
        system.charge()
        system.follow_up(seconds=11)
        system.charge()
        assert len(system.gateway.submissions) == 1
        assert system.gateway.asked == [payment.wire_order_id]

    def test_a_charge_that_was_not_sent_leaves_no_payment(self, system: PaymentSystem) -> None:
        system.gateway.script_charges(Fails(NotSent("no route")))
        with pytest.raises(GatewayUnreachable):
            system.charge()
        assert system.ledger.payments() == []
        assert system.ledger.order(samples.ORDER_ID, live=False) is None
        assert system.charge().payment.status is Status.REQUIRES_ACTION

    @pytest.mark.parametrize(
        "changes",
        [
            {"amount": Decimal(10_000)},
            {"amount": Decimal("99.5")},
            {"currency": "USD"},
            {"order_id": "another"},
            {"amount": None},
            {"currency": None},
        ],
    )
    def test_an_answer_with_a_mismatch_puts_the_payment_into_review(
        self, system: PaymentSystem, changes: dict[str, object]
    ) -> None:
        system.gateway.script_charges(Answers("SUCCESS", changes))
        payment = system.charge().payment
        assert payment.status is Status.NEEDS_REVIEW
        assert payment.failure is not None
        assert payment.failure.code == "integrity_mismatch"
        assert "integrity_mismatch" in system.telemetry.signals


class TestWebhookBeforeAnswer:
    @pytest.mark.parametrize("raw_status", ["SUCCESS", "FAILED"])
    @pytest.mark.parametrize("answer", ["same", "REDIRECT", "PENDING", "INIT", "none"])
    def test_the_webhook_is_recorded_and_the_answer_changes_nothing(
        self, system: PaymentSystem, raw_status: str, answer: str
    ) -> None:
        outcome: Answers | Fails = Answers(raw_status if answer == "same" else answer)
        if answer == "none":
            outcome = Fails(NoAnswer("timed out"), raw_status=raw_status)
        system.gateway.script_charges(outcome)

        def deliver(charge: object) -> None:
            system.gateway.charges[0].raw_status = raw_status
            system.webhook(system.ledger.payments()[0])

        system.gateway.before_answer = deliver
        payment = system.charge().payment
        assert payment == system.reload(payment)
        assert [entry.status for entry in payment.history] == [
            Status.PROCESSING,
            {"SUCCESS": Status.SUCCEEDED, "FAILED": Status.FAILED}[raw_status],
        ]
        assert system.bus.ids() == [f"{payment.id}:1", f"{payment.id}:2"]
        assert system.nothing_is_due


class TestSameKey:
    def test_a_retry_returns_the_payment_in_its_present_state(self, system: PaymentSystem) -> None:
        first = system.charge()
        system.gateway.charges[0].raw_status = "SUCCESS"
        system.webhook(first.payment)
        again = system.charge()
        assert (first.replayed, again.replayed) == (False, True)
        assert again.payment.status is Status.SUCCEEDED
        assert len(system.gateway.submissions) == 1

    def test_a_retry_returns_the_payment_while_the_gateway_is_unreachable(self, system: PaymentSystem) -> None:
        payment = system.charge().payment
        system.gateway.unready = NotSent("circuit open")
        assert system.charge().payment == payment

    @pytest.mark.parametrize("unready", [None, NotSent("circuit open")])
    def test_another_request_with_the_same_key_is_refused(self, system: PaymentSystem, unready: NotSent | None) -> None:
        system.charge()
        system.gateway.unready = unready
        with pytest.raises(IdempotencyKeyReused):
            system.charge(samples.charge_request(money=Money(101, "GBP")))
        assert len(system.gateway.submissions) == 1

    def test_the_same_key_of_another_caller_is_the_same_payment(self, system: PaymentSystem) -> None:
        """A web server and its worker retry for one merchant: two roles with one key make no second charge."""
        first = system.charge(samples.charge_request(order_id=None)).payment
        other = samples.charge_request(order_id=None, caller="arn:aws:iam::123456789012:role/other")
        second = system.charge(other)
        assert (second.payment.id, second.replayed) == (first.id, True)
        assert len(system.gateway.charges) == 1

    def test_the_same_key_in_the_other_mode_is_another_payment(self, system: PaymentSystem) -> None:
        tested = system.charge(samples.charge_request(order_id=None)).payment
        live = replace(system.charging, live=True)
        charged = live.charge(samples.charge_request(order_id=None), samples.webhook_url, 20.0)
        assert (charged.payment.id == tested.id, charged.replayed, charged.payment.live) == (False, False, True)

    def test_a_retry_with_another_cvv_is_still_a_retry(self, system: PaymentSystem) -> None:
        system.charge()
        request = samples.charge_request()
        assert system.charge(replace(request, card=samples.card(cvv="111"))).replayed


class TestSameOrder:
    @pytest.mark.parametrize("raw_status", ["SUCCESS", "REDIRECT", "PENDING", "INIT", "SOMETHING NEW"])
    def test_no_second_payment_while_the_first_may_succeed(self, system: PaymentSystem, raw_status: str) -> None:
        system.gateway.script_charges(Answers(raw_status))
        first = system.charge().payment
        with pytest.raises(OrderTaken) as taken:
            system.charge(samples.charge_request(idempotency_key="key-2"))
        assert taken.value.payment == first
        assert len(system.gateway.submissions) == 1

    @pytest.mark.parametrize(
        "outcome", [Answers("FAILED"), Answers("BLOCKED"), Answers("ABANDONED"), Fails(Refused("no"))]
    )
    def test_after_a_failure_the_next_attempt_has_its_own_wire_order_id(
        self, system: PaymentSystem, outcome: Answers | Fails
    ) -> None:
        system.gateway.script_charges(outcome, outcome)
        payments = [system.charge(samples.charge_request(idempotency_key=f"key-{n}")).payment for n in (1, 2, 3)]
        assert [sent.order_id for sent in system.gateway.submissions] == [
            samples.ORDER_ID,
            f"{samples.ORDER_ID}~2",
            f"{samples.ORDER_ID}~3",
        ]
        assert {payment.status for payment in payments[:2]} <= FREES_THE_ORDER
        assert system.ledger.order(samples.ORDER_ID, live=False) == OrderLock(
            samples.ORDER_ID, tuple(p.id for p in payments)
        )

    def test_the_order_is_free_after_an_attempt_that_was_not_sent(self, system: PaymentSystem) -> None:
        system.gateway.script_charges(Answers("FAILED"), Fails(NotSent("no route")))
        first = system.charge().payment
        with pytest.raises(GatewayUnreachable):
            system.charge(samples.charge_request(idempotency_key="key-2"))
        assert system.ledger.order(samples.ORDER_ID, live=False) == OrderLock(samples.ORDER_ID, (first.id,))
        third = system.charge(samples.charge_request(idempotency_key="key-3")).payment
        assert third.wire_order_id == f"{samples.ORDER_ID}~2"
