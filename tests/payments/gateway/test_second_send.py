"""The second send after a refusal: only under other keys, and a bare 401 or 403 stays a doubt if it does not leave."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, cast

import pytest

from payments.charging.charge import Charging
from payments.gateway.credentials import GatewayKeys
from payments.gateway.transport import Exchange, Transport
from payments.model.gateway_transaction import GatewayTransaction
from payments.model.status import Status
from payments.ports.gateway import NoAnswer, NotSent, Refused
from tests.fakes import samples
from tests.fakes.ledger import InMemoryLedger
from tests.payments.gateway.envelopes import envelope
from tests.payments.gateway.gateway_calls import NEW, OLD, GatewayCalls
from tests.payments.gateway.rogue_server import RogueServer, rogue_server
from tests.payments.gateway.server_behaviours import answers

SUCCESS = answers(200, envelope())
BARE = {"message": "Unauthorized"}
"""A proxy says so, perhaps after the gateway has booked the charge."""


@dataclass
class SecondDoesNotLeave:
    """A transport whose second exchange finds no connection."""

    transport: Transport
    exchanges: int = 0

    def exchange(self, *arguments: Any) -> Exchange:
        self.exchanges += 1
        if self.exchanges == 2:
            raise NotSent("not sent (NewConnectionError)")
        return self.transport.exchange(*arguments)


def cut_off(server: RogueServer) -> GatewayCalls:
    calls = GatewayCalls(server, OLD, NEW)
    transport = cast("Transport", SecondDoesNotLeave(calls.client.transport))
    calls.client = replace(calls.client, transport=transport)
    return calls


@pytest.mark.parametrize("call", [GatewayCalls.charge, GatewayCalls.hosted, GatewayCalls.refund])
@pytest.mark.parametrize("http_status", [401, 403])
@pytest.mark.parametrize(
    "fresh", [replace(OLD, webhook_secret=b"whsec"), replace(OLD, encryption_key=NEW.encryption_key)]
)
def test_a_bare_401_is_not_sent_again_under_the_same_secret_key(
    call: Callable[[GatewayCalls], GatewayTransaction], http_status: int, fresh: GatewayKeys
) -> None:
    with rogue_server(answers(http_status, BARE), SUCCESS) as server:
        calls = GatewayCalls(server, OLD, fresh)
        with pytest.raises(NoAnswer):
            call(calls)
        assert calls.keys_sent() == ["PA_TEST_old"]


def test_a_payload_that_was_not_understood_is_sent_again_under_another_encryption_key() -> None:
    with rogue_server(answers(400, {"message": "Bad payload"}), SUCCESS) as server:
        calls = GatewayCalls(server, OLD, replace(OLD, encryption_key=NEW.encryption_key))
        assert calls.charge().verdict is Status.SUCCEEDED


def test_a_payload_that_was_not_understood_is_not_sent_again_for_a_webhook_secret() -> None:
    with rogue_server(answers(400, {"message": "Bad payload"}), SUCCESS) as server:
        calls = GatewayCalls(server, OLD, replace(OLD, webhook_secret=b"whsec"))
        with pytest.raises(Refused):
            calls.charge()
        assert len(server.requests) == 1


def test_a_second_try_that_does_not_leave_proves_nothing_about_the_first() -> None:
    with rogue_server(answers(401, BARE), SUCCESS) as server, pytest.raises(NoAnswer):
        cut_off(server).charge()


@pytest.mark.parametrize(("http_status", "message"), [(401, "Invalid Secret Key."), (400, "Bad payload")])
def test_after_a_proved_refusal_it_is_not_sent(http_status: int, message: str) -> None:
    with rogue_server(answers(http_status, {"message": message}), SUCCESS) as server, pytest.raises(NotSent):
        cut_off(server).charge()


def test_the_claim_of_such_a_charge_is_not_released() -> None:
    """Else the repeat of the key would be a second charge, under the same wire order id."""
    with rogue_server(answers(401, BARE), SUCCESS) as server:
        calls = cut_off(server)
        charging = Charging(InMemoryLedger(), calls.client, calls.clock, calls.telemetry, live=False)
        for _ in range(2):
            charged = charging.charge(samples.charge_request(), samples.webhook_url, 20.0)
            assert charged.payment.status is Status.PROCESSING
        assert len(server.requests) == 1
