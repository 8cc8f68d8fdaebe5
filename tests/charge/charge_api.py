"""The charge door with fakes behind it, and the ways a test speaks to it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from charge.app import proxied, respond
from charge.routes import ChargeRoutes
from payments.charging.charge import Charging
from payments.errors import SecretUnusable
from payments.follow_up.finish import FollowUps
from payments.follow_up.refresh import Refreshing
from payments.model.payment import Payment
from payments.refunding.refund import Refunding
from tests.emf_lines import Console
from tests.fakes.bus import RecordingBus
from tests.fakes.clock import SettableClock
from tests.fakes.gateway import Answers, ScriptedGateway
from tests.fakes.ledger import InMemoryLedger
from tests.payments.assembled import finish
from tests.recorded_events import TOKEN_KEY, recorded

SECONDS = 28.0
RESOURCE = {
    *("id", "status", "amount", "currency", "order_id", "transaction_id", "message", "next_action", "card", "refund"),
    *("chargeback", "failure", "live", "version", "created_at", "updated_at"),
}
"""Every field of the payment resource."""


class Keyhole:
    """Meets TokenKey."""

    def __init__(self) -> None:
        self.usable = True

    def current(self) -> bytes:
        if not self.usable:
            raise SecretUnusable("the secret has no current version")
        return TOKEN_KEY


@dataclass(frozen=True)
class Told:
    """What API Gateway would pass on."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass
class Counter:
    """One routes, and everything around it."""

    ledger: InMemoryLedger = field(default_factory=InMemoryLedger)
    gateway: ScriptedGateway = field(default_factory=ScriptedGateway)
    clock: SettableClock = field(default_factory=lambda: SettableClock(datetime(2027, 1, 31, 9, 30, tzinfo=UTC)))
    token_key: Keyhole = field(default_factory=Keyhole)
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

    def takes(self, event: Any) -> Told:
        """The answer to an event, in API Gateway's words, which must survive JSON."""
        answer = json.loads(json.dumps(proxied(respond(event, self.seconds, self.routes, self.console.telemetry))))
        return Told(answer["statusCode"], answer["headers"], answer["body"])

    def charges(self, key: str | None = None, **fields: Any) -> Told:
        """The recorded charge, under another key or with other fields (None leaves one out)."""
        return self.takes(charge(key, **fields))

    def hosts(self, key: str | None = None, **fields: Any) -> Told:
        """The recorded hosted charge, likewise."""
        return self.takes(_changed("charge-hosted", key, fields))

    def refunds(self, key: str | None = None, **fields: Any) -> Told:
        """The recorded refund, likewise."""
        return self.takes(refund(key, **fields))

    def paid(self, **fields: Any) -> Payment:
        """The recorded charge, paid; as it stands."""
        self.gateway.will(Answers("SUCCESS"))
        told = self.charges(**fields)
        assert told.json["status"] == "succeeded"
        return self.standing(told.json["id"])

    def standing(self, payment_id: str) -> Payment:
        """A payment as it is in the table."""
        payment = self.ledger.get(payment_id)
        assert payment is not None
        return payment

    def follow_up(self, **later: float) -> None:
        """One run of the follow-up, so much later."""
        self.clock.forward(**later)
        follow_ups = FollowUps(self.ledger, self.gateway, RecordingBus(), self.clock, self.console.telemetry)
        for due in list(self.ledger.due(self.clock(), 100)):
            finish(follow_ups, due)


def charge(key: str | None = None, **fields: Any) -> dict[str, Any]:
    """The event of the recorded charge, under another key or with other fields (None leaves one out)."""
    return _changed("charge-create", key, fields)


def refund(key: str | None = None, **fields: Any) -> dict[str, Any]:
    """The event of the recorded refund, likewise."""
    return _changed("charge-refund", key, fields)


def problem(told: Told) -> tuple[int, str, str]:
    """Status, code and retry of what must be a problem document."""
    said = told.json
    assert told.headers["Content-Type"] == "application/problem+json"
    assert told.headers["Cache-Control"] == "no-store"
    assert (said["type"], said["status"]) == ("about:blank", told.status)
    assert said["title"]
    assert "4111111111111111" not in told.text
    return told.status, said["code"], said["retry"]


def _changed(name: str, key: str | None, fields: dict[str, Any]) -> dict[str, Any]:
    event = recorded(name)
    if key is not None:
        event["headers"]["Idempotency-Key"] = key
    body = json.loads(event["body"]) | fields
    event["body"] = json.dumps({field: value for field, value in body.items() if value is not None})
    return event
