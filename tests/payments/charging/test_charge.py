"""Charging, row by row of DESIGN.md section 4: what may become of a request, and what the gateway got of it."""

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


class TestTheRequest:
    def test_tells_the_gateway_what_was_ordered_and_where_to_report(self, system: PaymentSystem) -> None:
        payment = system.charge(samples.charge_request(terminal_id="T1")).payment
        assert system.gateway.submissions == [
            samples.submission(webhook_url=samples.webhook_url(payment.id), terminal_id="T1")
        ]

    def test_goes_under_the_payment_s_own_id_when_there_is_no_order(self, system: PaymentSystem) -> None:
        payment = system.charge(samples.charge_request(order_id=None)).payment
        assert [sent.order_id for sent in system.gateway.submissions] == [payment.id]
        assert system.ledger.order(payment.id) is None

    def test_is_not_made_and_not_recorded_without_usable_secrets(self, system: PaymentSystem) -> None:
        system.gateway.unready = SecretUnusable("no key")
        with pytest.raises(SecretUnusable):
            system.charge()
        assert system.ledger.payments() == []
        assert system.gateway.submissions == []

    def test_is_not_made_and_not_recorded_while_the_gateway_is_out_of_reach(self, system: PaymentSystem) -> None:
        system.gateway.unready = NotSent("circuit open")
        with pytest.raises(GatewayUnreachable):
            system.charge()
        assert system.ledger.payments() == []
        assert system.gateway.submissions == []


class TestTheVerdict:
    @pytest.mark.parametrize(
        ("said", "status"),
        [
            ("SUCCESS", Status.SUCCEEDED),
            ("FAILED", Status.FAILED),
            ("BLOCKED", Status.BLOCKED),
            ("ABANDONED", Status.ABANDONED),
            ("REDIRECT", Status.REQUIRES_ACTION),
            ("PENDING", Status.PENDING),
        ],
    )
    def test_of_a_known_word_is_written(self, system: PaymentSystem, said: str, status: Status) -> None:
        system.gateway.script_charges(Answers(said))
        charged = system.charge()
        assert charged.payment == system.reload(charged.payment)
        assert (charged.payment.status, charged.payment.answered) == (status, "verdict")
        assert [(entry.status, entry.source) for entry in charged.payment.history] == [
            (Status.PROCESSING, "request"),
            (status, "answer"),
        ]
        assert charged.payment.redirect_url == (samples.SHOPPER_PAGE if said == "REDIRECT" else None)

    @pytest.mark.parametrize("said", ["INIT", "SOMETHING NEW"])
    def test_of_a_word_that_decides_nothing_is_in_doubt_but_did_arrive(self, system: PaymentSystem, said: str) -> None:
        system.gateway.script_charges(Answers(said))
        payment = system.charge().payment
        assert (payment.status, payment.answered, payment.follow_up.arrived) == (Status.PROCESSING, "in_doubt", True)

    @pytest.mark.parametrize(
        ("error", "failure"),
        [
            (Refused("no", (FIELD,)), Failure("invalid_request", "no", (FIELD,))),
            (CredentialsRefused("bad key"), Failure("gateway_credentials", "bad key")),
        ],
    )
    def test_of_a_refusal_is_failed(self, system: PaymentSystem, error: Refused, failure: Failure) -> None:
        system.gateway.script_charges(Fails(error))
        payment = system.charge().payment
        assert (payment.status, payment.failure, payment.answered) == (Status.FAILED, failure, "verdict")
        assert payment == system.reload(payment)

    @pytest.mark.parametrize("booked", [None, "SUCCESS", "FAILED"])
    def test_that_never_came_is_asked_about_soon_and_never_sent_again(
        self, system: PaymentSystem, booked: str | None
    ) -> None:
        system.gateway.script_charges(Fails(NoAnswer("timed out"), raw_status=booked))
        payment = system.charge().payment
        assert (payment.status, payment.answered) == (Status.PROCESSING, "in_doubt")
        assert payment.follow_up.due_at == payment.follow_up.ask_at
        system.charge()
        system.follow_up(seconds=11)
        system.charge()
        assert len(system.gateway.submissions) == 1
        assert system.gateway.asked == [payment.wire_order_id]

    def test_that_was_never_asked_for_leaves_the_key_free(self, system: PaymentSystem) -> None:
        system.gateway.script_charges(Fails(NotSent("no route")))
        with pytest.raises(GatewayUnreachable):
            system.charge()
        assert system.ledger.payments() == []
        assert system.ledger.order(samples.ORDER_ID) is None
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
    def test_about_another_payment_goes_to_a_human(self, system: PaymentSystem, changes: dict[str, object]) -> None:
        system.gateway.script_charges(Answers("SUCCESS", changes))
        payment = system.charge().payment
        assert payment.status is Status.NEEDS_REVIEW
        assert payment.failure is not None
        assert payment.failure.code == "integrity_mismatch"
        assert "integrity_mismatch" in system.telemetry.signals


class TestTheWebhookThatIsFaster:
    @pytest.mark.parametrize("said", ["SUCCESS", "FAILED"])
    @pytest.mark.parametrize("answer", ["same", "REDIRECT", "PENDING", "INIT", "none"])
    def test_settles_and_the_answer_changes_nothing(self, system: PaymentSystem, said: str, answer: str) -> None:
        outcome: Answers | Fails = Answers(said if answer == "same" else answer)
        if answer == "none":
            outcome = Fails(NoAnswer("timed out"), raw_status=said)
        system.gateway.script_charges(outcome)

        def delivered(booked: object) -> None:
            system.gateway.charges[0].raw_status = said
            system.webhook(system.ledger.payments()[0])

        system.gateway.before_answer = delivered
        payment = system.charge().payment
        assert payment == system.reload(payment)
        assert [entry.status for entry in payment.history] == [
            Status.PROCESSING,
            {"SUCCESS": Status.SUCCEEDED, "FAILED": Status.FAILED}[said],
        ]
        assert system.bus.ids() == [f"{payment.id}:1", f"{payment.id}:2"]
        assert system.nothing_is_due


class TestTheSameKey:
    def test_gets_the_payment_as_it_is_now(self, system: PaymentSystem) -> None:
        first = system.charge()
        system.gateway.charges[0].raw_status = "SUCCESS"
        system.webhook(first.payment)
        again = system.charge()
        assert (first.replayed, again.replayed) == (False, True)
        assert again.payment.status is Status.SUCCEEDED
        assert len(system.gateway.submissions) == 1

    def test_gets_it_even_while_the_gateway_is_out_of_reach(self, system: PaymentSystem) -> None:
        payment = system.charge().payment
        system.gateway.unready = NotSent("circuit open")
        assert system.charge().payment == payment

    @pytest.mark.parametrize("unready", [None, NotSent("circuit open")])
    def test_with_another_request_is_refused(self, system: PaymentSystem, unready: NotSent | None) -> None:
        system.charge()
        system.gateway.unready = unready
        with pytest.raises(IdempotencyKeyReused):
            system.charge(samples.charge_request(money=Money(101, "GBP")))
        assert len(system.gateway.submissions) == 1

    def test_of_another_caller_is_another_payment(self, system: PaymentSystem) -> None:
        first = system.charge(samples.charge_request(order_id=None)).payment
        second = system.charge(
            samples.charge_request(order_id=None, caller="arn:aws:iam::123456789012:role/other")
        ).payment
        assert first.id != second.id
        assert len(system.gateway.charges) == 2

    def test_forgives_another_cvv_which_it_cannot_know(self, system: PaymentSystem) -> None:
        system.charge()
        order = samples.charge_request()
        assert system.charge(replace(order, card=samples.card(cvv="111"))).replayed


class TestTheSameOrder:
    @pytest.mark.parametrize("said", ["SUCCESS", "REDIRECT", "PENDING", "INIT", "SOMETHING NEW"])
    def test_takes_no_second_payment_that_may_still_succeed(self, system: PaymentSystem, said: str) -> None:
        system.gateway.script_charges(Answers(said))
        first = system.charge().payment
        with pytest.raises(OrderTaken) as taken:
            system.charge(samples.charge_request(idempotency_key="key-2"))
        assert taken.value.payment == first
        assert len(system.gateway.submissions) == 1

    @pytest.mark.parametrize(
        "outcome", [Answers("FAILED"), Answers("BLOCKED"), Answers("ABANDONED"), Fails(Refused("no"))]
    )
    def test_takes_another_after_one_that_failed_under_a_name_of_its_own(
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
        assert system.ledger.order(samples.ORDER_ID) == OrderLock(samples.ORDER_ID, tuple(p.id for p in payments))

    def test_is_free_again_when_its_second_attempt_was_not_sent(self, system: PaymentSystem) -> None:
        system.gateway.script_charges(Answers("FAILED"), Fails(NotSent("no route")))
        first = system.charge().payment
        with pytest.raises(GatewayUnreachable):
            system.charge(samples.charge_request(idempotency_key="key-2"))
        assert system.ledger.order(samples.ORDER_ID) == OrderLock(samples.ORDER_ID, (first.id,))
        third = system.charge(samples.charge_request(idempotency_key="key-3")).payment
        assert third.wire_order_id == f"{samples.ORDER_ID}~2"
