"""When "not found" means that nothing was charged. A wrong answer here frees the order, and the shopper pays twice."""

from datetime import timedelta

import pytest

from payments.charging.charge import Charging
from payments.follow_up.finish import FollowUps
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
from tests.payments.assembled import finish

NOT_FOUND = UnknownToGateway("the gateway has no payment under this id")


class Case:
    """A charge whose answer was lost, and a gateway that then says what it is told to say."""

    def __init__(self, *, booked: str | None = None) -> None:
        self.clock, self.ledger, self.gateway = SettableClock(), InMemoryLedger(), ScriptedGateway()
        telemetry = RecordingTelemetry()
        self.gateway.will(Fails(NoAnswer("no answer"), booked=booked))
        charging = Charging(self.ledger, self.gateway, self.clock, telemetry, live=False)
        self.id = charging.charge(samples.charge_request(), samples.address, 10).payment.id
        self.follow_ups = FollowUps(self.ledger, self.gateway, RecordingBus(), self.clock, telemetry)

    def ask_each_time(self, *said: GatewayTransaction | GatewayError) -> Payment:
        """One question after the other, each when it is due; the payment as it stands then."""
        self.gateway.will_say(*said)
        for _ in said:
            asked = len(self.gateway.asked)
            while len(self.gateway.asked) == asked and self.payment.follow_up.ask_at is not None:
                self.clock.now = max(self.clock.now, self.payment.follow_up.due_at or self.clock.now)
                for due in list(self.ledger.due(self.clock(), 25)):
                    finish(self.follow_ups, due)
        return self.payment

    @property
    def payment(self) -> Payment:
        """As it stands."""
        found = self.ledger.get(self.id)
        assert found is not None
        return found


def test_a_payment_that_is_not_found_for_an_hour_never_arrived() -> None:
    payment = Case().ask_each_time(*[NOT_FOUND] * 5)
    assert payment.status is Status.FAILED
    assert payment.failure is not None
    assert payment.failure.code == "never_arrived"
    assert payment.updated_at - START >= timedelta(hours=1)


def test_not_found_within_the_hour_means_nothing_however_often() -> None:
    case = Case()
    payment = case.ask_each_time(*[NOT_FOUND] * 4)
    assert case.clock() - START < timedelta(hours=1)
    assert payment.status is Status.PROCESSING


def test_once_not_found_is_not_enough_however_late() -> None:
    case = Case()
    case.clock.forward(hours=5)
    assert case.ask_each_time(NOT_FOUND).status is Status.PROCESSING
    assert case.ask_each_time(NOT_FOUND).status is Status.FAILED


@pytest.mark.parametrize(
    "silence",
    [NoAnswer("timed out"), NotSent("no route"), Refused("try later")],
    ids=lambda error: type(error).__name__,
)
def test_silence_an_hour_later_is_no_proof_though_it_was_not_found_before(silence: GatewayError) -> None:
    payment = Case(booked="SUCCESS").ask_each_time(*[NOT_FOUND] * 4, silence)
    assert payment.status is Status.PROCESSING


@pytest.mark.parametrize("said", ["INIT", "A WORD NOBODY KNOWS"])
def test_what_the_gateway_knows_did_arrive_though_it_was_not_found_before_and_is_not_found_after(said: str) -> None:
    case = Case(booked="INIT")
    assert case.ask_each_time(*[NOT_FOUND] * 4, samples.transaction(said)).status is Status.PROCESSING
    payment = case.ask_each_time(NOT_FOUND, NOT_FOUND)
    assert payment.status is Status.NEEDS_REVIEW
    assert payment.failure is not None
    assert payment.failure.code == "unresolved"
