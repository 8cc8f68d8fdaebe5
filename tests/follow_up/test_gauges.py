"""What a run tells CloudWatch: what it did, how late it was, and what is still open."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from follow_up.gauges import in_seconds, measure_backlog, measure_round
from local.dashboard import emf
from payments.follow_up.backlog import Unfinished
from payments.follow_up.finish import FollowUps
from payments.follow_up.run import Round, run
from payments.model.money import Money
from payments.model.status import Status
from payments.ports.ledger import Due
from tests.emf_lines import Console
from tests.fakes.clock import START
from tests.fakes.ledger import InMemoryLedger
from tests.follow_up.test_app import Desk


class Index:
    """Meets FollowUpIndex."""

    def __init__(self, *standing: Unfinished) -> None:
        self._standing = standing

    def unfinished(self) -> Iterable[Unfinished]:
        return self._standing


class Unreadable:
    """An index that fails in the middle of being read, quoting what must not be quoted."""

    def unfinished(self) -> Iterable[Unfinished]:
        yield Unfinished(Status.PROCESSING, Money(1, "GBP"), START, 0)
        raise RuntimeError("4242424242424242")


class Lagging(InMemoryLedger):
    """A ledger whose index shows what was due a while ago."""

    shown: list[Due] | None = None

    def due(self, now: datetime, limit: int) -> Iterator[Due]:
        yield from super().due(now, limit) if self.shown is None else self.shown


class Measured:
    """A telemetry and the metrics that came of it."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.console = Console("follow_up")
        self._capsys = capsys

    def metrics(self) -> dict[str, Any]:
        """Metric, with the value of its own dimension if it has one → its value."""
        self.console.telemetry.flush()
        found: dict[str, Any] = {}
        for value in emf.values(self._capsys.readouterr().out.splitlines()):
            side = [told for name, told in value.dimensions if name != "service"]
            found["/".join([value.name, *side])] = value.value
        return found


@pytest.fixture
def measured(capsys: pytest.CaptureFixture[str]) -> Measured:
    return Measured(capsys)


def test_a_run_tells_what_it_did_and_how_late(measured: Measured) -> None:
    done = Round(finished=3, taken_by_others=1, broken=1, out_of_time=True, lag=timedelta(seconds=75, milliseconds=900))
    measure_round(done, measured.console.telemetry)

    assert measured.metrics() == {
        "FollowUpRuns": 1,
        "FollowUpFinished": 3,
        "FollowUpBroken": 1,
        "FollowUpOutOfTime": 1,
        "FollowUpLag": 75,
    }


def test_the_lag_is_that_of_the_payment_that_waited_longest() -> None:
    desk = Desk()
    desk.charged("a")
    desk.clock.forward(seconds=20)
    desk.charged("b")
    desk.clock.forward(seconds=60)

    assert desk.runs().lag == timedelta(seconds=70), "asked about ten seconds after it came to be in doubt"
    assert desk.runs().lag == timedelta()


def test_what_another_run_has_taken_is_not_ours_to_be_late_with() -> None:
    desk = Desk()
    desk.ledger = lagging = Lagging()
    desk.charged("a")
    desk.clock.forward(minutes=5)
    lagging.shown = list(lagging.due(desk.clock(), 25))
    desk.runs()
    desk.clock.forward(minutes=5)
    follow_ups = FollowUps(lagging, desk.gateway, desk.bus, desk.clock, desk.console.telemetry)

    done = run(follow_ups, lambda: 55.0, desk.console.telemetry)
    assert (done.taken_by_others, done.lag) == (1, timedelta())


def test_the_lines_of_a_run_name_the_payment_that_each_is_about() -> None:
    desk = Desk()
    first, second = desk.charged("a"), desk.charged("b")
    desk.clock.forward(minutes=1)
    desk.runs()

    settled = [json.loads(line) for line in desk.console.read().splitlines() if "payment_succeeded" in line]
    assert {line["payment_id"] for line in settled} == {first.id, second.id}
    assert all(line["transaction_id"] for line in settled)


def test_what_is_open_is_told_with_its_age_and_its_money(measured: Measured) -> None:
    index = Index(
        Unfinished(Status.PROCESSING, Money(499, "GBP"), START - timedelta(minutes=3), 1),
        Unfinished(Status.PENDING, Money(700, "EUR"), START - timedelta(minutes=9), 0),
    )
    measure_backlog(index, lambda: START, measured.console.telemetry)

    assert measured.metrics() == {
        "PaymentsUnresolved": 2,
        "PaymentsInDoubt": 1,
        "OldestUnresolvedPayment": 540,
        "PublishBacklog": 1,
        "MoneyAtRisk/GBP": 499,
        "MoneyAtRisk/EUR": 0,
    }


def test_an_index_that_cannot_be_read_is_told_and_fails_no_run(measured: Measured) -> None:
    measure_backlog(Unreadable(), lambda: START, measured.console.telemetry)

    assert measured.metrics() == {"UnexpectedErrors": 1}
    assert "4242424242424242" not in measured.console.read()


def test_a_clock_that_is_behind_makes_nothing_younger_than_it_is() -> None:
    assert in_seconds(timedelta(seconds=-2)) == 0
