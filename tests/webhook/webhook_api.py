"""The webhook door on fakes, and the payment of the recorded webhooks."""

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Generic, Literal, TypeVar

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
from tests.recorded_events import CALLER, KEY, TOKEN_KEY, WEBHOOK_SECRET, recorded
from webhook.app import WebhookEndpoint, respond
from webhook.verifier import Verifier

Key = TypeVar("Key")

SUCCEEDED: Final = "webhook-succeeded"
"""The recorded webhook of a payment that succeeded."""


@dataclass
class RotatedKeys(Generic[Key]):
    """Meets TokenKeys and Keyring. `cached` are the keys in use, newest first; a refresh brings `stored`, if set."""

    cached: list[Key]
    stored: list[Key] | None = None
    refreshes: int = 0

    def current(self) -> Key:
        return self.cached[0]

    def versions(self) -> Sequence[Key]:
        return self.cached

    def refresh(self) -> bool:
        self.refreshes += 1
        if self.stored is not None:
            self.cached = self.stored
        return True


def keys(webhook_secret: bytes | None) -> GatewayKeys:
    """The gateway's keys, with this webhook secret."""
    return GatewayKeys("PA_TEST_recorded", b"0123456789abcdef0123456789abcdef", webhook_secret)


@dataclass
class WebhookApi:
    """The endpoint with everything it needs. After `charge`, the recorded payment waits for the shopper."""

    ledger: InMemoryLedger = field(default_factory=InMemoryLedger)
    gateway: ScriptedGateway = field(default_factory=ScriptedGateway)
    bus: RecordingBus = field(default_factory=RecordingBus)
    clock: SettableClock = field(default_factory=lambda: SettableClock(datetime(2027, 1, 31, 9, 30, tzinfo=UTC)))
    gateway_keys: RotatedKeys[GatewayKeys] = field(default_factory=lambda: RotatedKeys([keys(WEBHOOK_SECRET)]))
    token_keys: RotatedKeys[bytes] = field(default_factory=lambda: RotatedKeys([TOKEN_KEY]))
    console: Console = field(default_factory=lambda: Console("webhook"))
    signature: Literal["required", "report"] = "required"
    confirm: bool = True

    def endpoint(self) -> WebhookEndpoint:
        telemetry = self.console.telemetry
        webhooks = WebhookHandler(self.ledger.announcing, self.gateway, self.bus, self.clock, telemetry, self.confirm)
        verifier = Verifier(self.token_keys, self.gateway_keys, self.signature, telemetry)
        return WebhookEndpoint(verifier, webhooks, envelope.Dialect("minor", "alpha-2"), telemetry)

    def send(self, event: Any) -> int:
        """The HTTP status code for a delivery."""
        return respond(event, self.endpoint, self.console.telemetry)

    def charge(self) -> Payment:
        """Charges the recorded payment: it requires an action of the shopper."""
        request = samples.charge_request(caller=CALLER, idempotency_key=KEY)
        charging = Charging(self.ledger, self.gateway, self.clock, self.console.telemetry, live=False)
        return charging.charge(request, samples.webhook_url, 20).payment

    @property
    def payment(self) -> Payment:
        """The recorded payment as it is stored."""
        (payment,) = self.ledger.payments()
        return payment

    def gateway_status(self, raw_status: str) -> None:
        """Sets the status that the gateway's status API answers with."""
        self.gateway.charges[0].raw_status = raw_status

    def log(self) -> list[dict[str, Any]]:
        """The lines of the log."""
        return [json.loads(line) for line in self.console.read().splitlines()]


def signed_event(body: str, key: bytes = WEBHOOK_SECRET) -> dict[str, Any]:
    """The recorded webhook with another body, and the signature of that body under the key."""
    event = recorded(SUCCEEDED, body=body)
    event["headers"]["fs-webhook-hash"] = hmac.new(key, body.encode(), hashlib.sha256).hexdigest()
    return event
