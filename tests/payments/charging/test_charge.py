"""Charging, row by row of DESIGN.md section 4: what may become of a request, and what the gateway got of it."""

from dataclasses import replace
from decimal import Decimal

import pytest

from payments.charging.charge import OrderTaken
from payments.errors import GatewayUnreachable, IdempotencyKeyReused, SecretUnusable
from payments.model.history import Failure, FieldError
from payments.model.money import Money
from payments.model.status import FREES_THE_ORDER, Status
from payments.ports.gateway import CredentialsRefused, NoAnswer, NotSent, Refused
from payments.ports.ledger import OrderLock
from tests.fakes import samples
from tests.fakes.gateway import Answers, Fails
from tests.payments.assembled import House

FIELD = FieldError("zip", "refused_by_gateway", "unknown")


class TestTheRequest:
    def test_tells_the_gateway_what_was_ordered_and_where_to_report(self, house: House) -> None:
        payment = house.charge(samples.charge_request(terminal_id="T1")).payment
        assert house.gateway.submissions == [
            samples.submission(webhook_url=samples.address(payment.id), terminal_id="T1")
        ]

    def test_goes_under_the_payment_s_own_id_when_there_is_no_order(self, house: House) -> None:
        payment = house.charge(samples.charge_request(order_id=None)).payment
        assert [sent.order_id for sent in house.gateway.submissions] == [payment.id]
        assert house.ledger.order(payment.id) is None

    def test_is_not_made_and_not_recorded_without_usable_secrets(self, house: House) -> None:
        house.gateway.unready = SecretUnusable("no key")
        with pytest.raises(SecretUnusable):
            house.charge()
        assert house.ledger.payments() == []
        assert house.gateway.submissions == []

    def test_is_not_made_and_not_recorded_while_the_gateway_is_out_of_reach(self, house: House) -> None:
        house.gateway.unready = NotSent("circuit open")
        with pytest.raises(GatewayUnreachable):
            house.charge()
        assert house.ledger.payments() == []
        assert house.gateway.submissions == []


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
    def test_of_a_known_word_is_written(self, house: House, said: str, status: Status) -> None:
        house.gateway.will(Answers(said))
        charged = house.charge()
        assert charged.payment == house.standing(charged.payment)
        assert (charged.payment.status, charged.payment.answered) == (status, "verdict")
        assert [(entry.status, entry.source) for entry in charged.payment.history] == [
            (Status.PROCESSING, "request"),
            (status, "answer"),
        ]
        assert charged.payment.redirect_url == (samples.SHOPPER_PAGE if said == "REDIRECT" else None)

    @pytest.mark.parametrize("said", ["INIT", "SOMETHING NEW"])
    def test_of_a_word_that_decides_nothing_is_in_doubt_but_did_arrive(self, house: House, said: str) -> None:
        house.gateway.will(Answers(said))
        payment = house.charge().payment
        assert (payment.status, payment.answered, payment.follow_up.arrived) == (Status.PROCESSING, "in_doubt", True)

    @pytest.mark.parametrize(
        ("error", "failure"),
        [
            (Refused("no", (FIELD,)), Failure("invalid_request", "no", (FIELD,))),
            (CredentialsRefused("bad key"), Failure("gateway_credentials", "bad key")),
        ],
    )
    def test_of_a_refusal_is_failed(self, house: House, error: Refused, failure: Failure) -> None:
        house.gateway.will(Fails(error))
        payment = house.charge().payment
        assert (payment.status, payment.failure, payment.answered) == (Status.FAILED, failure, "verdict")
        assert payment == house.standing(payment)

    @pytest.mark.parametrize("booked", [None, "SUCCESS", "FAILED"])
    def test_that_never_came_is_asked_about_soon_and_never_sent_again(self, house: House, booked: str | None) -> None:
        house.gateway.will(Fails(NoAnswer("timed out"), booked=booked))
        payment = house.charge().payment
        assert (payment.status, payment.answered) == (Status.PROCESSING, "in_doubt")
        assert payment.follow_up.due_at == payment.follow_up.ask_at
        house.charge()
        house.follow_up(seconds=11)
        house.charge()
        assert len(house.gateway.submissions) == 1
        assert house.gateway.asked == [payment.wire_order_id]

    def test_that_was_never_asked_for_leaves_the_key_free(self, house: House) -> None:
        house.gateway.will(Fails(NotSent("no route")))
        with pytest.raises(GatewayUnreachable):
            house.charge()
        assert house.ledger.payments() == []
        assert house.ledger.order(samples.ORDER_ID) is None
        assert house.charge().payment.status is Status.REQUIRES_ACTION

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
    def test_about_another_payment_goes_to_a_human(self, house: House, changes: dict[str, object]) -> None:
        house.gateway.will(Answers("SUCCESS", changes))
        payment = house.charge().payment
        assert payment.status is Status.NEEDS_REVIEW
        assert payment.failure is not None
        assert payment.failure.code == "integrity_mismatch"
        assert "integrity_mismatch" in house.telemetry.signals


class TestTheWebhookThatIsFaster:
    @pytest.mark.parametrize("said", ["SUCCESS", "FAILED"])
    @pytest.mark.parametrize("answer", ["same", "REDIRECT", "PENDING", "INIT", "none"])
    def test_settles_and_the_answer_changes_nothing(self, house: House, said: str, answer: str) -> None:
        outcome: Answers | Fails = Answers(said if answer == "same" else answer)
        if answer == "none":
            outcome = Fails(NoAnswer("timed out"), booked=said)
        house.gateway.will(outcome)

        def delivered(booked: object) -> None:
            house.gateway.book[0].raw_status = said
            house.webhook(house.ledger.payments()[0])

        house.gateway.before_answer = delivered
        payment = house.charge().payment
        assert payment == house.standing(payment)
        assert [entry.status for entry in payment.history] == [
            Status.PROCESSING,
            {"SUCCESS": Status.SUCCEEDED, "FAILED": Status.FAILED}[said],
        ]
        assert house.bus.ids() == [f"{payment.id}:1", f"{payment.id}:2"]
        assert house.settled


class TestTheSameKey:
    def test_gets_the_payment_as_it_is_now(self, house: House) -> None:
        first = house.charge()
        house.gateway.book[0].raw_status = "SUCCESS"
        house.webhook(first.payment)
        again = house.charge()
        assert (first.replayed, again.replayed) == (False, True)
        assert again.payment.status is Status.SUCCEEDED
        assert len(house.gateway.submissions) == 1

    def test_gets_it_even_while_the_gateway_is_out_of_reach(self, house: House) -> None:
        payment = house.charge().payment
        house.gateway.unready = NotSent("circuit open")
        assert house.charge().payment == payment

    @pytest.mark.parametrize("unready", [None, NotSent("circuit open")])
    def test_with_another_request_is_refused(self, house: House, unready: NotSent | None) -> None:
        house.charge()
        house.gateway.unready = unready
        with pytest.raises(IdempotencyKeyReused):
            house.charge(samples.charge_request(money=Money(101, "GBP")))
        assert len(house.gateway.submissions) == 1

    def test_of_another_caller_is_another_payment(self, house: House) -> None:
        first = house.charge(samples.charge_request(order_id=None)).payment
        second = house.charge(
            samples.charge_request(order_id=None, caller="arn:aws:iam::123456789012:role/other")
        ).payment
        assert first.id != second.id
        assert len(house.gateway.book) == 2

    def test_forgives_another_cvv_which_it_cannot_know(self, house: House) -> None:
        house.charge()
        order = samples.charge_request()
        assert house.charge(replace(order, card=samples.card(cvv="111"))).replayed


class TestTheSameOrder:
    @pytest.mark.parametrize("said", ["SUCCESS", "REDIRECT", "PENDING", "INIT", "SOMETHING NEW"])
    def test_takes_no_second_payment_that_may_still_succeed(self, house: House, said: str) -> None:
        house.gateway.will(Answers(said))
        first = house.charge().payment
        with pytest.raises(OrderTaken) as taken:
            house.charge(samples.charge_request(idempotency_key="key-2"))
        assert taken.value.payment == first
        assert len(house.gateway.submissions) == 1

    @pytest.mark.parametrize(
        "outcome", [Answers("FAILED"), Answers("BLOCKED"), Answers("ABANDONED"), Fails(Refused("no"))]
    )
    def test_takes_another_after_one_that_failed_under_a_name_of_its_own(
        self, house: House, outcome: Answers | Fails
    ) -> None:
        house.gateway.will(outcome, outcome)
        payments = [house.charge(samples.charge_request(idempotency_key=f"key-{n}")).payment for n in (1, 2, 3)]
        assert [sent.order_id for sent in house.gateway.submissions] == [
            samples.ORDER_ID,
            f"{samples.ORDER_ID}~2",
            f"{samples.ORDER_ID}~3",
        ]
        assert {payment.status for payment in payments[:2]} <= FREES_THE_ORDER
        assert house.ledger.order(samples.ORDER_ID) == OrderLock(samples.ORDER_ID, tuple(p.id for p in payments))

    def test_is_free_again_when_its_second_attempt_was_not_sent(self, house: House) -> None:
        house.gateway.will(Answers("FAILED"), Fails(NotSent("no route")))
        first = house.charge().payment
        with pytest.raises(GatewayUnreachable):
            house.charge(samples.charge_request(idempotency_key="key-2"))
        assert house.ledger.order(samples.ORDER_ID) == OrderLock(samples.ORDER_ID, (first.id,))
        third = house.charge(samples.charge_request(idempotency_key="key-3")).payment
        assert third.wire_order_id == f"{samples.ORDER_ID}~2"
