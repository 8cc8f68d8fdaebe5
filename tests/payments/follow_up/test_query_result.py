"""Whether the gateway answered a query: after a few in a row without an answer, a run makes no more queries."""

from dataclasses import replace
from datetime import timedelta

import pytest

from payments.errors import PaymentsError, SecretUnusable
from payments.follow_up.finish import LEASE, QueryResult
from payments.model.follow_up import LEFT_TO_RELAY
from payments.model.payment import Payment
from payments.ports.gateway import NoAnswer, NotSent, UnknownToGateway
from payments.ports.ledger import Released
from tests.fakes import samples
from tests.fakes.gateway import Answers
from tests.payments.assembled import PaymentSystem, queried


@pytest.fixture
def waiting(system: PaymentSystem) -> Payment:
    system.gateway.script_charges(Answers("REDIRECT"))
    return system.charge().payment


@pytest.mark.parametrize(
    ("error", "answered"),
    [
        (UnknownToGateway("unknown"), True),
        (NoAnswer("timeout"), False),
        (NotSent("circuit open"), False),
        (SecretUnusable("no secret"), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_only_an_answer_counts_as_one(
    system: PaymentSystem, waiting: Payment, monkeypatch: pytest.MonkeyPatch, error: PaymentsError, *, answered: bool
) -> None:
    def status(order_id: str, seconds: float) -> None:
        raise error

    monkeypatch.setattr(system.gateway, "status", status)
    result = queried(system.finisher, waiting)

    assert result.payment is not None
    assert (result.payment.id, result.answered) == (waiting.id, answered)


def test_a_status_is_an_answer(system: PaymentSystem, waiting: Payment) -> None:
    result = queried(system.finisher, waiting)

    assert result.payment is not None
    assert (result.payment.id, result.answered) == (waiting.id, True)


def test_a_claim_that_was_released_during_the_query_is_no_silence(
    system: PaymentSystem, waiting: Payment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def save(before: Payment, after: Payment) -> Payment:
        raise Released(before.id)

    system.gateway.charges[0].raw_status = "SUCCESS"
    monkeypatch.setattr(system.ledger, "save", save)

    assert queried(system.finisher, waiting) == QueryResult(None, answered=True)


def test_a_verdict_is_published_at_once(system: PaymentSystem, waiting: Payment) -> None:
    system.gateway.charges[0].raw_status = "SUCCESS"
    queried(system.finisher, waiting)

    assert system.bus.types()[-1] == "payment.succeeded"


@pytest.mark.parametrize(
    ("later", "due"), [(-timedelta(milliseconds=1), True), (timedelta(), True), (timedelta(milliseconds=1), False)]
)
def test_a_query_is_due_from_its_time_on(
    system: PaymentSystem, waiting: Payment, later: timedelta, *, due: bool
) -> None:
    plan = replace(waiting.follow_up, ask_at=system.clock() + later)

    assert system.finisher.is_query_due(replace(waiting, follow_up=plan)) == due


def test_a_payment_without_a_query_has_none_due(system: PaymentSystem, waiting: Payment) -> None:
    assert not system.finisher.is_query_due(replace(waiting, follow_up=replace(waiting.follow_up, ask_at=None)))


class TestLease:
    def test_a_payment_with_a_query_is_leased_while_its_events_are_published(
        self, system: PaymentSystem, waiting: Payment
    ) -> None:
        system.clock.forward(minutes=2)
        (due,) = system.ledger.due(system.clock(), 10)
        leased = system.finisher.lease(due)

        assert leased is not None
        assert system.bus.types() == ["payment.processing", "payment.requires_action"]
        assert system.reload(waiting).follow_up.due_at == system.clock() + LEASE
        assert system.reload(waiting).published == 2

    def test_a_payment_without_a_query_is_free_after_its_events_are_published(self, system: PaymentSystem) -> None:
        system.gateway.script_charges(Answers("SUCCESS"))
        paid = system.charge(samples.charge_request()).payment
        system.clock.forward(seconds=LEFT_TO_RELAY.total_seconds())
        (due,) = system.ledger.due(system.clock(), 10)
        system.finisher.lease(due)

        assert system.bus.types() == ["payment.processing", "payment.succeeded"]
        assert system.reload(paid).follow_up.due_at is None

    def test_a_second_run_gets_no_lease(self, system: PaymentSystem, waiting: Payment) -> None:
        system.clock.forward(minutes=2)
        (due,) = system.ledger.due(system.clock(), 10)

        assert system.finisher.lease(due) is not None
        assert system.finisher.lease(due) is None
        assert system.reload(waiting).follow_up.due_at == system.clock() + LEASE
