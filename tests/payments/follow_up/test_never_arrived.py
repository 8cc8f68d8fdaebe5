"""When "not found" proves that nothing was charged. A wrong conclusion frees the order, and the shopper pays twice."""

from datetime import timedelta

import pytest

from payments.charging.charge import Charging
from payments.model.gateway_transaction import GatewayTransaction
from payments.model.payment import Payment
from payments.model.status import Status
from payments.ports.gateway import GatewayError, NoAnswer, NotSent, Refused, UnknownToGateway
from tests.fakes import samples
from tests.fakes.bus import RecordingBus
from tests.fakes.clock import START, SettableClock
from tests.fakes.gateway import Fails, ScriptedGateway
from tests.fakes.ledger import InMemoryLedger
from tests.fakes.telemetry import RecordingTelemetry
from tests.payments.assembled import finish, finisher_of

NOT_FOUND = UnknownToGateway("the gateway has no payment under this id")


class UnansweredCharge:
    """A charge without an answer, and a gateway with scripted answers to the queries about it."""

    def __init__(self, *, booked: str | None = None) -> None:
        self.clock, self.ledger, self.gateway = SettableClock(), InMemoryLedger(), ScriptedGateway()
        telemetry = RecordingTelemetry()
        self.gateway.script_charges(Fails(NoAnswer("no answer"), raw_status=booked))
        charging = Charging(self.ledger, self.gateway, self.clock, telemetry, live=False)
        self.id = charging.charge(samples.charge_request(), samples.webhook_url, 10).payment.id
        self.finisher = finisher_of(self.ledger, self.gateway, RecordingBus(), self.clock, telemetry)

    def query_with(self, *answers: GatewayTransaction | GatewayError) -> Payment:
        """One query for each answer, each when it is due. Returns the payment after the last one."""
        self.gateway.script_statuses(*answers)
        for _ in answers:
            asked = len(self.gateway.asked)
            while len(self.gateway.asked) == asked and self.payment.follow_up.ask_at is not None:
                self.clock.now = max(self.clock.now, self.payment.follow_up.due_at or self.clock.now)
                for due in list(self.ledger.due(self.clock(), 25)):
                    finish(self.finisher, due)
        return self.payment

    @property
    def payment(self) -> Payment:
        """The payment as it stands in the ledger."""
        found = self.ledger.get(self.id)
        assert found is not None
        return found


def test_a_payment_that_is_not_found_for_an_hour_never_arrived() -> None:
    payment = UnansweredCharge().query_with(*[NOT_FOUND] * 5)
    assert payment.status is Status.FAILED
    assert payment.failure is not None
    assert payment.failure.code == "never_arrived"
    assert payment.updated_at - START >= timedelta(hours=1)


def test_not_found_within_the_hour_proves_nothing_however_often() -> None:
    charge = UnansweredCharge()
    payment = charge.query_with(*[NOT_FOUND] * 4)
    assert charge.clock() - START < timedelta(hours=1)
    assert payment.status is Status.PROCESSING


def test_not_found_once_is_not_enough_however_late() -> None:
    charge = UnansweredCharge()
    charge.clock.forward(hours=5)
    assert charge.query_with(NOT_FOUND).status is Status.PROCESSING
    assert charge.query_with(NOT_FOUND).status is Status.FAILED


@pytest.mark.parametrize(
    "no_status",
    [NoAnswer("timed out"), NotSent("no route"), Refused("try later")],
    ids=lambda error: type(error).__name__,
)
def test_a_query_without_a_status_is_no_proof_even_after_not_found(no_status: GatewayError) -> None:
    payment = UnansweredCharge(booked="SUCCESS").query_with(*[NOT_FOUND] * 4, no_status)
    assert payment.status is Status.PROCESSING


def test_silence_to_the_end_of_the_plan_is_no_proof_either() -> None:
    """It was not found twice, within the hour. After that an outage lasts until the plan is over: a person decides."""
    charge = UnansweredCharge(booked="SUCCESS")
    charge.query_with(NOT_FOUND, NOT_FOUND)
    assert charge.payment.follow_up.not_found == 2
    charge.clock.forward(hours=40)
    assert charge.query_with(NoAnswer("timed out")).status is Status.NEEDS_REVIEW


@pytest.mark.parametrize("raw_status", ["INIT", "A WORD NOBODY KNOWS"])
def test_any_status_proves_that_the_payment_arrived_whatever_came_before_or_after(raw_status: str) -> None:
    charge = UnansweredCharge(booked="INIT")
    after_status = charge.query_with(*[NOT_FOUND] * 4, samples.transaction(raw_status))
    assert after_status.status is Status.PROCESSING
    payment = charge.query_with(NOT_FOUND, NOT_FOUND)
    assert payment.status is Status.NEEDS_REVIEW
    assert payment.failure is not None
    assert payment.failure.code == "unresolved"


@pytest.mark.parametrize(("began", "status"), [(-5, Status.PROCESSING), (0, Status.FAILED)])
def test_the_hour_ends_before_the_query_begins(monkeypatch: pytest.MonkeyPatch, began: int, status: Status) -> None:
    """A query that spans the end of the hour has an answer of the first hour, in which the status API may lag."""
    charge = UnansweredCharge()
    charge.query_with(NOT_FOUND)
    charge.clock.now = START + timedelta(hours=1, seconds=began)

    def slow(*_: object) -> GatewayTransaction:
        charge.clock.forward(seconds=7)
        raise NOT_FOUND

    monkeypatch.setattr(charge.gateway, "status", slow)
    (due,) = charge.ledger.due(charge.clock(), 25)
    finish(charge.finisher, due)

    assert charge.payment.status is status
