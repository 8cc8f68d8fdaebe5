"""The plaintext of a charge is overwritten as soon as no other try can need it, however the charge ends."""

from typing import Any

import pytest

from payments.gateway import payloads
from payments.gateway.payloads import charge_payload
from payments.model.card import Card
from payments.ports.gateway import GatewayError
from tests.fakes.samples import submission
from tests.payments.gateway.envelopes import MINOR, envelope
from tests.payments.gateway.gateway_calls import NEW, OLD, GatewayCalls
from tests.payments.gateway.rogue_server import rogue_server
from tests.payments.gateway.server_behaviours import Behaviour, answers, then_closes

REFUSED = answers(422, {"message": "Validation failed.", "errors": []})


@pytest.fixture
def payload(monkeypatch: pytest.MonkeyPatch) -> list[bytearray]:
    """The payloads of the charges, each the very object that the client has."""
    made: list[bytearray] = []

    def charge_payload_seen(*arguments: Any) -> bytearray:
        made.append(charge_payload(*arguments))
        return made[-1]

    monkeypatch.setattr(payloads, "charge_payload", charge_payload_seen)
    return made


def test_a_verdict_leaves_zeros(payload: list[bytearray]) -> None:
    with rogue_server(answers(200, envelope())) as server:
        GatewayCalls(server, OLD).charge()

    assert payload == [bytes(len(charge_payload(submission(), MINOR)))]


@pytest.mark.parametrize("behaviour", [REFUSED, then_closes()], ids=["refused", "no answer"])
def test_a_failure_leaves_zeros(payload: list[bytearray], behaviour: Behaviour) -> None:
    with rogue_server(behaviour) as server, pytest.raises(GatewayError):
        GatewayCalls(server, OLD).charge()

    assert not any(payload[0])


def test_no_keys_leave_zeros(payload: list[bytearray]) -> None:
    with rogue_server(REFUSED) as server, pytest.raises(Exception, match="secret_key"):
        GatewayCalls(server).charge()

    assert not any(payload[0])


def test_the_second_try_under_new_keys_still_has_the_payload(payload: list[bytearray]) -> None:
    refused = answers(401, {"message": "Invalid API key"})
    with rogue_server(refused, answers(200, envelope())) as server:
        GatewayCalls(server, OLD, NEW).charge()

        assert len(server.requests) == 2
        assert len(server.requests[0].body) == len(server.requests[1].body)
    assert len(payload) == 1
    assert not any(payload[0])


@pytest.mark.parametrize("number", ['4111","x":"1', "\uff14\uff11\uff11\uff11", ""])
def test_a_card_that_is_not_digits_is_never_written(number: str) -> None:
    """The card is written into the JSON without escapes."""
    with pytest.raises(ValueError, match="card_number is not digits"):
        charge_payload(submission(card=Card(number, "123", "12", "2030")), MINOR)
