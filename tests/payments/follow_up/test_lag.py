"""The lag at 100 charges a second on a moving clock: the real run, with modelled latencies, under two minutes.

A minute has eight runs of an eighth of the shards each, so one of them with 12.5 charges a second shows the lag of all.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import pytest

from payments.charging.charge import Charging
from payments.follow_up.lanes import PUBLISHERS, Lanes
from payments.follow_up.run import run
from tests.fakes import samples
from tests.fakes.bus import RecordingBus
from tests.fakes.clock import START, SettableClock
from tests.fakes.gateway import Answers, ScriptedGateway
from tests.fakes.ledger import InMemoryLedger
from tests.fakes.telemetry import RecordingTelemetry
from tests.fakes.virtual_lanes import Slowed, VirtualLanes
from tests.house import deployed_template
from tests.payments.assembled import finisher_of

RUNS: Final = 8
CHARGES_A_SECOND: Final = 100 / RUNS
RUN_SECONDS: Final = 55.0
STATUS_SECONDS: Final = 0.3
TABLE_SECONDS: Final = 0.01
BUS_SECONDS: Final = 0.03
MINUTES: Final = 5


@dataclass
class Load:
    """Charges at a steady rate, half of them open for ever, and the runs of one schedule."""

    askers: int

    def __post_init__(self) -> None:
        self.clock = SettableClock()
        self.ledger, self.gateway, self.bus = InMemoryLedger(), ScriptedGateway(), RecordingBus()
        self.telemetry = RecordingTelemetry()
        self._charged = 0

    def minutes(self, count: int) -> Iterator[timedelta]:
        """The lag of each minute's run. A run sees what was charged until its beginning."""
        for nth in range(1, count + 1):
            begin = START + timedelta(minutes=nth)
            self._charge_until(begin)
            self.clock.now = begin
            yield run(
                self._finisher(),
                self._seconds_until(begin + timedelta(seconds=RUN_SECONDS)),
                self.telemetry,
                lanes=self._lanes(),
            ).lag

    def _lanes(self) -> Lanes:
        return VirtualLanes(self.clock, self.askers, PUBLISHERS)

    def _finisher(self) -> Any:
        ledger = Slowed(self.ledger, self.clock, lease=TABLE_SECONDS, save=TABLE_SECONDS, advance=TABLE_SECONDS)
        gateway = Slowed(self.gateway, self.clock, status=STATUS_SECONDS)
        bus: Any = Slowed(self.bus, self.clock, publish=BUS_SECONDS)
        return finisher_of(ledger, gateway, bus, self.clock, self.telemetry)

    def _seconds_until(self, end: Any) -> Any:
        def seconds_left() -> float:
            return float((end - self.clock()).total_seconds())

        return seconds_left

    def _charge_until(self, end: Any) -> None:
        while (at := START + timedelta(seconds=self._charged / CHARGES_A_SECOND)) < end:
            self.clock.now = at
            self.gateway.script_charges(Answers("REDIRECT" if self._charged % 2 else "SUCCESS"))
            charging = Charging(self.ledger, self.gateway, self.clock, self.telemetry, live=False)
            request = samples.charge_request(idempotency_key=f"key-{self._charged}", order_id=None)
            charging.charge(request, samples.webhook_url, 20)
            self._charged += 1


def deployed_concurrency() -> int:
    return int(deployed_template.written()["Parameters"]["FollowUpConcurrency"]["Default"])


def test_the_lag_stays_under_two_minutes_and_every_event_is_published() -> None:
    load = Load(deployed_concurrency())
    lags = list(load.minutes(MINUTES))
    assert max(lags) < timedelta(minutes=2), lags
    late = load.clock() - timedelta(minutes=4)
    assert [p.id for p in load.ledger.payments() if p.has_unpublished and p.created_at < late] == []
    asked = len(load.gateway.asked)
    assert asked > 1.2 * CHARGES_A_SECOND / 2 * 60 * (MINUTES - 1), "the open ones are asked about more than once"


@pytest.mark.parametrize("askers", [1, 2])
def test_fewer_questions_at_once_fall_behind(askers: int) -> None:
    """The same load shows it, so the test above can fail."""
    lags = list(Load(askers).minutes(MINUTES))
    assert lags[-1] > timedelta(minutes=2), lags
