"""Calls of the gateway's client to a rogue server, with keys that change on a refresh."""

from collections.abc import Callable, Sequence

import pytest

from payments.errors import SecretUnusable
from payments.gateway.circuit_breaker import CircuitBreaker
from payments.gateway.client import PayAgency
from payments.gateway.credentials import GatewayKeys, Mode
from payments.gateway.transport import Transport
from payments.model.gateway_transaction import GatewayTransaction
from tests.fakes.clock import SettableClock
from tests.fakes.samples import ORDER_ID, TRANSACTION_ID, submission
from tests.fakes.telemetry import RecordingTelemetry
from tests.payments.gateway.envelopes import MINOR
from tests.payments.gateway.rogue_server import RogueServer

OLD = GatewayKeys("PA_TEST_old", b"0123456789abcdef0123456789abcdef", None)
NEW = GatewayKeys("PA_TEST_new", b"fedcba9876543210fedcba9876543210", None)


class FakeKeyring:
    """Meets Keyring: each refresh replaces the current key by the next one. Counts the refreshes."""

    def __init__(self, *keys: GatewayKeys) -> None:
        self.keys = list(keys)
        self.refreshes = 0

    def current(self) -> GatewayKeys:
        """See Keyring."""
        if not self.keys:
            raise SecretUnusable("secret_key is not filled in")
        return self.keys[0]

    def versions(self) -> Sequence[GatewayKeys]:
        """See Keyring."""
        return self.keys

    def refresh(self) -> bool:
        """See Keyring."""
        self.refreshes += 1
        if len(self.keys) > 1:
            del self.keys[0]
        return self.refreshes == 1


class GatewayCalls:
    """A client, its keyring and its telemetry, in front of a rogue server."""

    def __init__(
        self, server: RogueServer, *keys: GatewayKeys, mode: Mode = "test", keyring: FakeKeyring | None = None
    ) -> None:
        self.server, self.keyring, self.telemetry = server, keyring or FakeKeyring(*keys), RecordingTelemetry()
        self.clock = SettableClock()
        breaker = CircuitBreaker(self.clock)
        self.client = PayAgency(Transport(server.url), self.keyring, MINOR, mode, self.telemetry, breaker)

    def charge(self, seconds: float = 5.0) -> GatewayTransaction:
        return self.client.charge(submission(), seconds)

    def hosted(self, seconds: float = 5.0) -> GatewayTransaction:
        return self.client.charge(submission(card=None), seconds)

    def refund(self, seconds: float = 5.0) -> GatewayTransaction:
        return self.client.refund(TRANSACTION_ID, "returned", seconds)

    def status(self, seconds: float = 5.0) -> GatewayTransaction:
        return self.client.status(ORDER_ID, seconds)

    def keys_sent(self) -> list[str]:
        sent = [request.header("authorization") or "" for request in self.server.requests]
        return [bearer.removeprefix("Bearer ") for bearer in sent]


Call = Callable[[GatewayCalls, float], GatewayTransaction]
CALLS = [GatewayCalls.charge, GatewayCalls.hosted, GatewayCalls.refund, GatewayCalls.status]
EACH_CALL = pytest.mark.parametrize("call", CALLS, ids=[call.__name__ for call in CALLS])


def clock_at(*times: float) -> Callable[[], float]:
    """A monotonic clock that shows these times, one a call."""
    shown = iter(times)
    return lambda: next(shown)
