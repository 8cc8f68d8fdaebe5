"""The client's refund against all that the simulator can do to one: the outcome, and how often the gateway heard."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from local.simulator import Credentials, Simulator, running
from local.simulator.scenarios import REFUND_SCENARIOS
from payments.gateway.circuit_breaker import CircuitBreaker
from payments.gateway.client import PayAgency
from payments.gateway.credentials import GatewayKeys
from payments.gateway.transport import Transport
from payments.model.gateway_transaction import GatewayTransaction
from payments.ports.gateway import (
    AlreadyChargedBack,
    AlreadyRefunded,
    CredentialsRefused,
    GatewayError,
    NoAnswer,
    Refused,
)
from tests.fakes.clock import SettableClock
from tests.fakes.samples import ORDER_ID, card, submission
from tests.fakes.telemetry import RecordingTelemetry
from tests.payments.gateway.envelopes import MINOR
from tests.payments.gateway.gateway_calls import Ring

SHORT = 0.4
"""Seconds: what is silent stays silent."""

REPORTS = {
    "refunded": True,
    "refunded-with-500": True,
    "refunded-wrong-amount": True,
    "refunded-wrong-currency": True,
    "refunded-wrong-order-id": True,
    "refunded-wrong-transaction-id": True,
    "refunded-status-lags": True,
    "not-refunded-but-flagged": True,
    "refunded-unflagged": False,
    "not-refunded-unflagged": False,
}
"""Scenarios that end in a report, and whether it flags a refund. Whom to believe is decided elsewhere."""

FAILS: dict[str, type[GatewayError]] = {
    "refunded-then-timeout": NoAnswer,
    "refunded-then-timeout-status-lags": NoAnswer,
    "refunded-then-500": NoAnswer,
    "refunded-then-503": NoAnswer,
    "refunded-then-reset": NoAnswer,
    "refunded-then-cut-off": NoAnswer,
    "refunded-then-garbage": NoAnswer,
    "refunded-then-truncated": NoAnswer,
    "refunded-then-elsewhere": NoAnswer,
    "refunded-slowly": NoAnswer,
    "refunded-then-held": NoAnswer,
    "refund-stalled": NoAnswer,
    "not-refunded-timeout": NoAnswer,
    "not-refunded-reset": NoAnswer,
    "not-refunded-500": NoAnswer,
    "not-refunded-garbage": NoAnswer,
    "refund-unavailable": NoAnswer,
    "refunded-but-refused": Refused,
    "refund-refused-422": Refused,
    "refund-refused-400": Refused,
    "already-refunded": AlreadyRefunded,
    "already-charged-back": AlreadyChargedBack,
}
"""Scenarios that end in an error. A slow answer is silence to who has no time for it."""

KEY_REFUSED = ["refund-bad-credentials", "refund-forbidden"]


@dataclass
class Paid:
    """A payment at the simulator, and the client that made it."""

    simulator: Simulator
    client: PayAgency
    transaction_id: str

    def refund(self, seconds: float = 5.0) -> GatewayTransaction:
        return self.client.refund(self.transaction_id, "returned", seconds)

    @property
    def posts(self) -> int:
        """How often the gateway was asked for this refund, by its own count."""
        return int(self.simulator.control.book()["refund_posts"].get(self.transaction_id, 0))

    @property
    def refunded(self) -> bool:
        """What the bank believes."""
        return self.simulator.control.transaction(self.transaction_id)["refunded_at"] is not None


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with running(Credentials.invented("test")) as simulator:
        yield simulator


@pytest.fixture
def paid(simulator: Simulator) -> Iterator[Paid]:
    simulator.control.reset()
    known = simulator.credentials
    ring = Ring(GatewayKeys(known.secret_key, known.encryption_key.encode(), None))
    transport = Transport(simulator.url)
    client = PayAgency(transport, ring, MINOR, "test", RecordingTelemetry(), CircuitBreaker(SettableClock()))
    nowhere = f"{simulator.url}/nowhere/token"
    made = client.charge(submission(card=card(number="4242424242424242"), webhook_url=nowhere), 5)
    yield Paid(simulator, client, made.transaction_id)
    simulator.control.release()


def test_every_scenario_of_a_refund_is_tried_here() -> None:
    assert {*REPORTS, *FAILS, *KEY_REFUSED} == set(REFUND_SCENARIOS)


@pytest.mark.parametrize("scenario", REPORTS)
def test_an_answer_is_a_report_whatever_it_says(paid: Paid, scenario: str) -> None:
    paid.simulator.control.script(scenario, call="refund")
    transaction = paid.refund()

    assert bool(transaction.refunded) is REPORTS[scenario]
    assert paid.posts == 1


@pytest.mark.parametrize("scenario", FAILS)
def test_a_failure_is_the_right_one_of_the_three_and_is_not_sent_again(paid: Paid, scenario: str) -> None:
    paid.simulator.control.script(scenario, call="refund")
    with pytest.raises(FAILS[scenario]) as caught:
        paid.refund(SHORT)

    assert type(caught.value) is FAILS[scenario]
    assert paid.posts == 1


@pytest.mark.parametrize("scenario", KEY_REFUSED)
def test_a_refused_key_is_tried_once_more_and_the_refund_made_once(paid: Paid, scenario: str) -> None:
    paid.simulator.control.script(scenario, call="refund")

    assert paid.refund().refunded
    assert (paid.posts, paid.refunded) == (2, True)


@pytest.mark.parametrize("scenario", KEY_REFUSED)
def test_a_key_that_is_refused_twice_is_refused(paid: Paid, scenario: str) -> None:
    for _ in range(2):
        paid.simulator.control.script(scenario, call="refund")
    with pytest.raises(CredentialsRefused):
        paid.refund()

    assert (paid.posts, paid.refunded) == (2, False)


def test_what_the_bank_has_done_before_is_known(paid: Paid) -> None:
    assert paid.refund().refunded
    with pytest.raises(AlreadyRefunded):
        paid.refund()


def test_what_the_cardholder_took_back_is_known(paid: Paid) -> None:
    paid.simulator.control.charge_back(paid.transaction_id)
    with pytest.raises(AlreadyChargedBack):
        paid.refund()
    assert not paid.refunded


def test_the_question_afterwards_shows_what_became_of_it(paid: Paid) -> None:
    paid.simulator.control.script("refunded-then-reset", call="refund")
    with pytest.raises(NoAnswer):
        paid.refund()

    told = paid.client.status(ORDER_ID, 5)
    assert (told.refunded, told.transaction_id) == (True, paid.transaction_id)
    assert told.refunded_at is not None
