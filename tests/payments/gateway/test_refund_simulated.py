"""The client's refund against every refund scenario of the simulator: the outcome and the number of requests."""

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
from tests.payments.gateway.gateway_calls import FakeKeyring

SHORT = 0.4
"""Seconds; no silent scenario answers later."""

TRANSACTIONS = {
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
"""Scenarios that return a transaction, and whether it flags a refund. outcome/ decides what to believe."""

ERRORS: dict[str, type[GatewayError]] = {
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
    "refund-bad-credentials": CredentialsRefused,
    "refund-forbidden": NoAnswer,
    "refunded-but-refused": Refused,
    "refund-refused-422": Refused,
    "refund-refused-400": Refused,
    "already-refunded": AlreadyRefunded,
    "already-charged-back": AlreadyChargedBack,
}
"""Scenarios that raise. A slow answer comes after the time limit."""


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
        """The number of requests for this refund, counted by the simulator."""
        return int(self.simulator.control.book()["refund_posts"].get(self.transaction_id, 0))

    @property
    def refunded(self) -> bool:
        """Whether the simulated bank refunded."""
        return self.simulator.control.transaction(self.transaction_id)["refunded_at"] is not None


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with running(Credentials.invented("test")) as simulator:
        yield simulator


@pytest.fixture
def paid(simulator: Simulator) -> Iterator[Paid]:
    simulator.control.reset()
    credentials = simulator.credentials
    keyring = FakeKeyring(GatewayKeys(credentials.secret_key, credentials.encryption_key.encode(), None))
    transport = Transport(simulator.url)
    client = PayAgency(transport, keyring, MINOR, "test", RecordingTelemetry(), CircuitBreaker(SettableClock()))
    nowhere = f"{simulator.url}/nowhere/token"
    charged = client.charge(submission(card=card(number="4242424242424242"), webhook_url=nowhere), 5)
    yield Paid(simulator, client, charged.transaction_id)
    simulator.control.release()


def test_the_cases_include_every_refund_scenario() -> None:
    assert {*TRANSACTIONS, *ERRORS} == set(REFUND_SCENARIOS)


@pytest.mark.parametrize("scenario", TRANSACTIONS)
def test_an_answer_returns_a_transaction(paid: Paid, scenario: str) -> None:
    paid.simulator.control.script(scenario, call="refund")
    transaction = paid.refund()

    assert bool(transaction.refunded) is TRANSACTIONS[scenario]
    assert paid.posts == 1


@pytest.mark.parametrize("scenario", ERRORS)
def test_a_failure_raises_its_error_and_is_not_sent_again(paid: Paid, scenario: str) -> None:
    paid.simulator.control.script(scenario, call="refund")
    with pytest.raises(ERRORS[scenario]) as caught:
        paid.refund(SHORT)

    assert type(caught.value) is ERRORS[scenario]
    assert paid.posts == 1


def test_a_second_refund_is_refused_as_already_refunded(paid: Paid) -> None:
    assert paid.refund().refunded
    with pytest.raises(AlreadyRefunded):
        paid.refund()


def test_a_charged_back_payment_is_refused_as_already_charged_back(paid: Paid) -> None:
    paid.simulator.control.charge_back(paid.transaction_id)
    with pytest.raises(AlreadyChargedBack):
        paid.refund()
    assert not paid.refunded


def test_a_status_query_shows_the_outcome_of_a_lost_answer(paid: Paid) -> None:
    paid.simulator.control.script("refunded-then-reset", call="refund")
    with pytest.raises(NoAnswer):
        paid.refund()

    transaction = paid.client.status(ORDER_ID, 5)
    assert (transaction.refunded, transaction.transaction_id) == (True, paid.transaction_id)
    assert transaction.refunded_at is not None
