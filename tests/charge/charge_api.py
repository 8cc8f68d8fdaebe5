"""The charge door on fakes, and the requests that tests send to it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from charge.app import proxied, respond
from charge.routes import ChargeRoutes
from payments.charging.charge import Charging
from payments.errors import SecretUnusable
from payments.follow_up.refresh import Refreshing
from payments.model.payment import Payment
from payments.refunding.refund import Refunding
from tests.emf_lines import Console
from tests.fakes.bus import RecordingBus
from tests.fakes.clock import SettableClock
from tests.fakes.gateway import Answers, ScriptedGateway
from tests.fakes.ledger import InMemoryLedger
from tests.payments.assembled import finish, finisher_of
from tests.recorded_events import TOKEN_KEY, recorded

SECONDS = 27.0
RESOURCE = {
    *("id", "status", "amount", "currency", "order_id", "transaction_id", "message", "next_action", "card", "refund"),
    *("chargeback", "failure", "live", "version", "created_at", "updated_at", "superseded_at"),
}
"""Every field of the payment resource."""
VERDICTS = [
    ("SUCCESS", "succeeded"),
    ("FAILED", "failed"),
    ("BLOCKED", "blocked"),
    ("ABANDONED", "abandoned"),
    ("REDIRECT", "requires_action"),
    ("PENDING", "pending"),
]
"""A status word of the gateway that is a verdict, and the payment's status after it."""


class SwitchableTokenKey:
    """Meets TokenKey; not `usable`, it fails as an empty secret does."""

    def __init__(self) -> None:
        self.usable = True

    def current(self) -> bytes:
        if not self.usable:
            raise SecretUnusable("the secret has no current version")
        return TOKEN_KEY


@dataclass(frozen=True)
class Response:
    """The HTTP answer that API Gateway would send."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass
class ChargeApi:
    """The routes with everything they need. `seconds` are left of the function's time."""

    ledger: InMemoryLedger = field(default_factory=InMemoryLedger)
    gateway: ScriptedGateway = field(default_factory=ScriptedGateway)
    clock: SettableClock = field(default_factory=lambda: SettableClock(datetime(2027, 1, 31, 9, 30, tzinfo=UTC)))
    token_key: SwitchableTokenKey = field(default_factory=SwitchableTokenKey)
    console: Console = field(default_factory=lambda: Console("charge"))
    public_base_url: str = ""
    live: bool = False
    seconds: float = SECONDS

    def routes(self) -> ChargeRoutes:
        telemetry = self.console.telemetry
        charging = Charging(self.ledger, self.gateway, self.clock, telemetry, live=self.live)
        refreshing = Refreshing(self.ledger, self.gateway, self.clock, telemetry)
        refunding = Refunding(self.ledger, self.gateway, self.clock, telemetry)
        return ChargeRoutes(
            self.ledger, charging, refreshing, refunding, self.token_key, self.clock, 1_000_000, self.public_base_url
        )

    def send(self, event: Any) -> Response:
        """The answer to an event. It must survive JSON, as API Gateway requires."""
        answer = json.loads(json.dumps(proxied(respond(event, self.seconds, self.routes, self.console.telemetry))))
        return Response(answer["statusCode"], answer["headers"], answer["body"])

    def charge(self, key: str | None = None, **fields: Any) -> Response:
        """Sends the recorded charge, with another key or other fields (None omits a field)."""
        return self.send(charge_event(key, **fields))

    def charge_hosted(self, key: str | None = None, **fields: Any) -> Response:
        """Sends the recorded hosted charge, likewise."""
        return self.send(_changed("charge-hosted", key, fields))

    def refund(self, key: str | None = None, **fields: Any) -> Response:
        """Sends the recorded refund, likewise."""
        return self.send(refund_event(key, **fields))

    def paid_payment(self, **fields: Any) -> Payment:
        """The payment of the recorded charge, succeeded, as it is stored."""
        self.gateway.script_charges(Answers("SUCCESS"))
        response = self.charge(**fields)
        assert response.json["status"] == "succeeded"
        return self.stored(response.json["id"])

    def stored(self, payment_id: str) -> Payment:
        """A payment as the ledger has it."""
        payment = self.ledger.get(payment_id)
        assert payment is not None
        return payment

    def follow_up(self, **later: float) -> None:
        """One run of the follow-up after this time, e.g. `seconds=11`."""
        self.clock.forward(**later)
        follow_ups = finisher_of(self.ledger, self.gateway, RecordingBus(), self.clock, self.console.telemetry)
        for due in list(self.ledger.due(self.clock(), 100)):
            finish(follow_ups, due)


def charge_event(key: str | None = None, **fields: Any) -> dict[str, Any]:
    """The event of the recorded charge, with another key or other fields (None omits a field)."""
    return _changed("charge-create", key, fields)


def refund_event(key: str | None = None, **fields: Any) -> dict[str, Any]:
    """The event of the recorded refund, likewise."""
    return _changed("charge-refund", key, fields)


def problem(response: Response) -> tuple[int, str, str]:
    """Status, code and retry of a response that must be a problem document."""
    document = response.json
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["Cache-Control"] == "no-store"
    assert (document["type"], document["status"]) == ("about:blank", response.status)
    assert document["title"]
    assert "4111111111111111" not in response.text
    return response.status, document["code"], document["retry"]


def _changed(name: str, key: str | None, fields: dict[str, Any]) -> dict[str, Any]:
    event = recorded(name)
    if key is not None:
        event["headers"]["Idempotency-Key"] = key
    body = json.loads(event["body"]) | fields
    event["body"] = json.dumps({field: value for field, value in body.items() if value is not None})
    return event
