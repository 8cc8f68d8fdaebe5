"""The follow-up on fakes, and the payments that it finishes."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from payments.charging.charge import Charging
from payments.follow_up.run import RunSummary, run
from payments.model.payment import Payment
from payments.ports.gateway import NoAnswer
from tests.emf_lines import Console
from tests.fakes import samples
from tests.fakes.bus import RecordingBus
from tests.fakes.clock import SettableClock
from tests.fakes.gateway import Answers, Fails, ScriptedGateway
from tests.fakes.ledger import InMemoryLedger
from tests.payments.assembled import finisher_of

RUN_SECONDS: Final = 55.0
"""More than any run of these tests needs."""

ANSWER_LOST: Final = Fails(NoAnswer("no answer"), raw_status="SUCCESS")
"""The gateway took the payment, and its answer never came."""


class FollowUpSystem:
    """The follow-up with everything it needs, and charging to create payments for it."""

    def __init__(self) -> None:
        self.ledger = InMemoryLedger()
        self.gateway = ScriptedGateway()
        self.bus = RecordingBus()
        self.clock = SettableClock(datetime(2027, 1, 31, 9, 30, tzinfo=UTC))
        self.console = Console("follow_up")

    def charge(self, key: str, outcome: Answers | Fails = ANSWER_LOST) -> Payment:
        """A payment that is charged at the gateway with this outcome."""
        self.gateway.script_charges(outcome)
        request = samples.charge_request(idempotency_key=key, order_id=None)
        charging = Charging(self.ledger, self.gateway, self.clock, self.console.telemetry, live=False)
        return charging.charge(request, samples.webhook_url, 20).payment

    def run(self, seconds_left: Callable[[], float] = lambda: RUN_SECONDS) -> RunSummary:
        """One run."""
        telemetry = self.console.telemetry
        follow_ups = finisher_of(self.ledger.announcing, self.gateway, self.bus, self.clock, telemetry)
        return run(follow_ups, seconds_left, telemetry)
