"""The charge door with fakes behind it, and the ways a test speaks to it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from charge.app import proxied, respond
from charge.desk import Desk
from payments.charging import Charging
from payments.errors import SecretUnusable
from payments.refreshing import Refreshing
from payments.refunding import Refunding
from tests.fakes.clock import SettableClock
from tests.fakes.gateway import ScriptedGateway
from tests.fakes.ledger import InMemoryLedger
from tests.recorded import TOKEN_KEY, recorded
from tests.telemetry import Console

SECONDS = 28.0


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
    """One desk, and everything around it."""

    ledger: InMemoryLedger = field(default_factory=InMemoryLedger)
    gateway: ScriptedGateway = field(default_factory=ScriptedGateway)
    clock: SettableClock = field(default_factory=lambda: SettableClock(datetime(2027, 1, 31, 9, 30, tzinfo=UTC)))
    token_key: Keyhole = field(default_factory=Keyhole)
    console: Console = field(default_factory=lambda: Console("charge"))
    public_base_url: str = ""
    live: bool = False

    def desk(self) -> Desk:
        telemetry = self.console.telemetry
        charging = Charging(self.ledger, self.gateway, self.clock, telemetry, live=self.live)
        refreshing = Refreshing(self.ledger, self.gateway, self.clock, telemetry)
        refunding = Refunding(self.ledger, self.gateway, self.clock, telemetry)
        return Desk(charging, refreshing, refunding, self.token_key, self.clock, 1_000_000, self.public_base_url)

    def takes(self, event: Any) -> Told:
        """The answer to an event, in API Gateway's words, which must survive JSON."""
        answer = json.loads(json.dumps(proxied(respond(event, SECONDS, self.desk, self.console.telemetry))))
        return Told(answer["statusCode"], answer["headers"], answer["body"])

    def charges(self, key: str | None = None, **fields: Any) -> Told:
        """The recorded charge, under another key or with other fields (None leaves one out)."""
        return self.takes(charge(key, **fields))


def charge(key: str | None = None, **fields: Any) -> dict[str, Any]:
    event = recorded("charge-create")
    if key is not None:
        event["headers"]["Idempotency-Key"] = key
    body = json.loads(event["body"]) | fields
    event["body"] = json.dumps({name: value for name, value in body.items() if value is not None})
    return event
