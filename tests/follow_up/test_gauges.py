"""The metrics of a run: its counts, its lag and the backlog after it."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from follow_up.gauges import in_seconds, measure_backlog, measure_run
from local.dashboard import emf
from payments.follow_up.backlog import UnfinishedPayment
from payments.follow_up.run import RunSummary, run
from payments.model.money import Money
from payments.model.status import Status
from payments.ports.ledger import Due
from tests.emf_lines import Console
from tests.fakes.clock import START
from tests.fakes.ledger import InMemoryLedger
from tests.follow_up.follow_up_system import FollowUpSystem
from tests.payments.assembled import finisher_of


class Index:
    """Meets FollowUpIndex."""

    def __init__(self, *unfinished: UnfinishedPayment) -> None:
        self._unfinished = unfinished

    def unfinished(self) -> Iterable[UnfinishedPayment]:
        return self._unfinished


class UnreadableIndex:
    """An index that fails in the middle of a read, with an error that quotes a card number."""

    def unfinished(self) -> Iterable[UnfinishedPayment]:
        yield UnfinishedPayment(Status.PROCESSING, Money(1, "GBP"), START, 0)
        raise RuntimeError("4242424242424242")


class LaggingLedger(InMemoryLedger):
    """A ledger with an index that lags behind: it shows the payments that were due earlier."""

    shown: list[Due] | None = None

    def due(
        self,
        now: datetime,
        limit: int,
        shards: Iterable[int] | None = None,
        after: Due | None = None,
        *,
        newest_first: bool = False,
    ) -> Iterator[Due]:
        due = super().due(now, limit, shards, after, newest_first=newest_first)
        yield from due if self.shown is None else self.shown


class MetricsReader:
    """A telemetry, and the metrics that it has written."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.console = Console("follow_up")
        self._capsys = capsys

    def metrics(self) -> dict[str, Any]:
        """`Name` or `Name/dimension` → value."""
        self.console.telemetry.flush()
        found: dict[str, Any] = {}
        for value in emf.values(self._capsys.readouterr().out.splitlines()):
            dimension = [text for name, text in value.dimensions if name != "service"]
            found["/".join([value.name, *dimension])] = value.value
        return found


@pytest.fixture
def reader(capsys: pytest.CaptureFixture[str]) -> MetricsReader:
    return MetricsReader(capsys)


def test_a_run_measures_its_counts_and_its_lag(reader: MetricsReader) -> None:
    done = RunSummary(
        finished=3, leased_by_others=1, broken=1, out_of_time=True, lag=timedelta(seconds=75, milliseconds=900)
    )
    measure_run(done, reader.console.telemetry)

    assert reader.metrics() == {
        "FollowUpRuns": 1,
        "FollowUpFinished": 3,
        "FollowUpBroken": 1,
        "FollowUpOutOfTime": 1,
        "FollowUpLag": 75,
    }


def test_the_lag_is_the_longest_delay_of_a_payment() -> None:
    system = FollowUpSystem()
    system.charge("a")
    system.clock.forward(seconds=20)
    system.charge("b")
    system.clock.forward(seconds=60)

    assert system.run().lag == timedelta(seconds=70), "the status query was due ten seconds after the charge"
    assert system.run().lag == timedelta()


def test_a_payment_taken_by_another_run_adds_no_lag() -> None:
    system = FollowUpSystem()
    system.ledger = ledger = LaggingLedger()
    system.charge("a")
    system.clock.forward(minutes=5)
    ledger.shown = list(ledger.due(system.clock(), 25))
    system.run()
    system.clock.forward(minutes=5)
    follow_ups = finisher_of(ledger, system.gateway, system.bus, system.clock, system.console.telemetry)

    done = run(follow_ups, lambda: 55.0, system.console.telemetry)
    assert (done.leased_by_others, done.lag) == (1, timedelta())


def test_each_log_line_of_a_run_names_its_payment() -> None:
    system = FollowUpSystem()
    first, second = system.charge("a"), system.charge("b")
    system.clock.forward(minutes=1)
    system.run()

    lines = [json.loads(line) for line in system.console.read().splitlines() if "payment_succeeded" in line]
    assert {line["payment_id"] for line in lines} == {first.id, second.id}
    assert all(line["transaction_id"] for line in lines)


def test_the_backlog_is_measured_with_its_age_and_amounts(reader: MetricsReader) -> None:
    index = Index(
        UnfinishedPayment(Status.PROCESSING, Money(499, "GBP"), START - timedelta(minutes=3), 1),
        UnfinishedPayment(Status.PENDING, Money(700, "EUR"), START - timedelta(minutes=9), 0),
    )
    measure_backlog(index, lambda: START, reader.console.telemetry)

    assert reader.metrics() == {
        "PaymentsUnresolved": 2,
        "PaymentsInDoubt": 1,
        "OldestUnresolvedPayment": 540,
        "PublishBacklog": 1,
        "MoneyAtRisk/GBP": 499,
        "MoneyAtRisk/EUR": 0,
    }


def test_an_unreadable_index_is_logged_and_fails_no_run(reader: MetricsReader) -> None:
    measure_backlog(UnreadableIndex(), lambda: START, reader.console.telemetry)

    assert reader.metrics() == {"UnexpectedErrors": 1}
    assert "4242424242424242" not in reader.console.read()


def test_a_negative_duration_is_zero_seconds() -> None:
    assert in_seconds(timedelta(seconds=-2)) == 0
