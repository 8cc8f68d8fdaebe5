"""The webhook door with fakes behind it, and the payment that the recorded webhooks are about."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from payments.charging.charge import Charging
from payments.gateway import envelope
from payments.gateway.credentials import GatewayKeys
from payments.model.payment import Payment
from payments.webhooks.handle import WebhookHandler
from tests.emf_lines import Console
from tests.fakes import samples
from tests.fakes.bus import RecordingBus
from tests.fakes.clock import SettableClock
from tests.fakes.gateway import ScriptedGateway
from tests.fakes.ledger import InMemoryLedger
from tests.recorded_events import CALLER, KEY, TOKEN_KEY, WEBHOOK_SECRET
from webhook.app import WebhookEndpoint, respond
from webhook.verifier import Verifier


class Keys:
    """Meets TokenKeys and Keyring: the keys now, and what a refresh brings."""

    def __init__(self) -> None:
        self.token_keys: list[bytes] = [TOKEN_KEY]
        self.kept = [keys(WEBHOOK_SECRET)]
        self.fresh: list[GatewayKeys] | None = None
        self.refreshes = 0
        self.fresh_token_keys: list[bytes] | None = None

    def current(self) -> GatewayKeys:
        return self.kept[0]

    def versions(self) -> Sequence[GatewayKeys]:
        return self.kept

    def refresh(self) -> bool:
        self.refreshes += 1
        if self.fresh is not None:
            self.kept = self.fresh
        return True


@dataclass(frozen=True)
class TokenKeys:
    """Meets TokenKeys."""

    keys: Keys

    def versions(self) -> Sequence[bytes]:
        return self.keys.token_keys

    def refresh(self) -> bool:
        if self.keys.fresh_token_keys is None:
            return False
        self.keys.token_keys = self.keys.fresh_token_keys
        return True


def keys(webhook_secret: bytes | None) -> GatewayKeys:
    return GatewayKeys("PA_TEST_recorded", b"0123456789abcdef0123456789abcdef", webhook_secret)


@dataclass
class House:
    """One hatch, and everything around it; the recorded payment is with the shopper."""

    ledger: InMemoryLedger = field(default_factory=InMemoryLedger)
    gateway: ScriptedGateway = field(default_factory=ScriptedGateway)
    bus: RecordingBus = field(default_factory=RecordingBus)
    clock: SettableClock = field(default_factory=lambda: SettableClock(datetime(2027, 1, 31, 9, 30, tzinfo=UTC)))
    keys: Keys = field(default_factory=Keys)
    console: Console = field(default_factory=lambda: Console("webhook"))
    signature: Literal["required", "report"] = "required"
    confirm: bool = True

    def endpoint(self) -> WebhookEndpoint:
        telemetry = self.console.telemetry
        notifications = WebhookHandler(self.ledger, self.gateway, self.bus, self.clock, telemetry, self.confirm)
        verifier = Verifier(TokenKeys(self.keys), self.keys, self.signature, telemetry)
        return WebhookEndpoint(verifier, notifications, envelope.Dialect("minor", "alpha-2"), telemetry)

    def takes(self, event: Any) -> int:
        """The HTTP status of a delivery."""
        return respond(event, self.endpoint, self.console.telemetry)

    def charge(self) -> Payment:
        """The recorded payment, as charging leaves it."""
        order = samples.charge_request(caller=CALLER, idempotency_key=KEY)
        charging = Charging(self.ledger, self.gateway, self.clock, self.console.telemetry, live=False)
        return charging.charge(order, samples.address, 20).payment

    @property
    def payment(self) -> Payment:
        """As it stands."""
        (payment,) = self.ledger.payments()
        return payment

    def bank_says(self, said: str) -> None:
        """What the status API will answer from now on."""
        self.gateway.book[0].raw_status = said

    def log(self) -> list[dict[str, Any]]:
        """What was logged, line by line."""
        return [json.loads(line) for line in self.console.read().splitlines()]
