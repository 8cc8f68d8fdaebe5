"""One call of the sweep as the outside sees it: its result, its lines in the log, its metrics."""

import json
from typing import Any

import pytest

from payments.reconciliation.checkpoint import begun
from reconciliation.invocation import Desk, SweepFailed
from tests.fakes import samples
from tests.fakes.transaction_list import row
from tests.payments.reconciliation.reconciler import DAY, PLENTY, SPAN, Sweeper
from tests.payments.reconciliation.test_resuming import FOUND, eventful, one_step

ASKED = {"from": DAY.isoformat(), "to": DAY.isoformat()}


def said(sweeper: Sweeper, message: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in sweeper.console.read().splitlines() if line.startswith("{")]
    return [line for line in lines if line.get("message") == message]


def test_a_result_says_how_far_it_came_and_where_the_report_lies() -> None:
    sweeper = eventful()
    result = sweeper.sweep()
    name = "reports/2027-01-31_2027-01-31/2027-02-01T10-30-00.000Z"
    assert result == {
        "from": "2027-01-31",
        "to": "2027-01-31",
        "state": "finished",
        "complete": True,
        "rows": 8,
        "listed_total": 8,
        "findings": FOUND,
        "report": {"json": f"s3://reports/{name}.json", "csv": f"s3://reports/{name}.csv"},
    }
    assert {f"{name}.json", f"{name}.csv"} <= set(sweeper.files.files)
    json.dumps(result)


def test_one_that_another_call_has_is_told_as_held() -> None:
    sweeper = eventful()
    sweeper.checkpoints.take(
        begun(SPAN, live=False, at=sweeper.clock()), "other", sweeper.clock(), sweeper.clock.forward(hours=5)
    )
    sweeper.clock.forward(hours=-5)
    result = sweeper.sweep()
    assert (result["state"], result["rows"], result["findings"], result["report"]) == ("held", 0, {}, None)
    assert sweeper.listing.asked == []


def test_the_schedules_sweep_is_of_the_days_up_to_yesterday() -> None:
    sweeper = eventful()
    result = sweeper.wired().take({}, lambda: PLENTY)
    assert (result["from"], result["to"], result["findings"]) == ("2027-01-31", "2027-01-31", FOUND)


def test_its_progress_is_in_the_log_every_ten_seconds_and_at_its_end() -> None:
    sweeper = eventful()
    desk, ticks = sweeper.wired(), iter(range(0, 10_000, 4))
    Desk(desk.sweeping, desk.telemetry, desk.address, desk.days, lambda: float(next(ticks))).take(ASKED, lambda: PLENTY)
    lines = said(sweeper, "sweeping")
    assert 1 < len(lines) < 6
    first, last = lines[0], lines[-1]
    assert (first["from"], first["to"], first["phase"], first["listed_total"]) == (*ASKED.values(), "unlisted", 8)
    assert (last["phase"], last["rows"], last["findings"]) == ("done", 8, sum(FOUND.values()))
    assert {line.get("payment_id") for line in lines} == {None}


def test_a_finished_one_says_nothing_every_quarter_of_an_hour() -> None:
    sweeper = eventful()
    sweeper.sweep()
    before = len(said(sweeper, "sweeping"))
    sweeper.sweep()
    assert len(said(sweeper, "sweeping")) == before


def metrics(capsys: pytest.CaptureFixture[str], sweeper: Sweeper) -> dict[str, Any]:
    sweeper.console.telemetry.flush()
    told: dict[str, Any] = {}
    for line in capsys.readouterr().out.splitlines():
        values = json.loads(line)
        for declared in values["_aws"]["CloudWatchMetrics"]:
            for metric in declared["Metrics"]:
                name = metric["Name"]
                told[f"{name} {values['finding']}" if name == "SweepFindings" else name] = values[name]
    return told


def test_the_call_that_finishes_it_measures_it_once(capsys: pytest.CaptureFixture[str]) -> None:
    sweeper = eventful()
    daily: dict[str, Any] = {}
    sweeper.wired().take(daily, one_step())
    unfinished = metrics(capsys, sweeper)
    assert unfinished["SweepsUnfinished"] == [1.0]
    assert "SweepsFinished" not in unfinished
    while sweeper.sweep(one_step())["state"] == "unfinished":
        pass
    told = metrics(capsys, sweeper)
    assert (told["SweepsFinished"], told["SweepRows"]) == ([1.0], [8.0])
    assert {name: told[f"SweepFindings {name}"] for name in FOUND} == {name: [float(n)] for name, n in FOUND.items()}
    sweeper.wired().take(daily, lambda: PLENTY)
    assert "SweepsFinished" not in metrics(capsys, sweeper)


def test_one_by_hand_is_no_answer_to_whether_the_schedules_are_done(capsys: pytest.CaptureFixture[str]) -> None:
    sweeper = eventful()
    sweeper.sweep()
    told = metrics(capsys, sweeper)
    assert "SweepsFinished" not in told
    assert told["SweepRows"] == [8.0]
    sweeper.wired().take({}, lambda: PLENTY)
    assert metrics(capsys, sweeper)["SweepsFinished"] == [1.0], "the days are the schedule's, and done"


def test_a_bug_is_an_error_that_quotes_nothing() -> None:
    class Broken:
        def page(self, *_: object) -> None:
            raise KeyError(samples.CARD_NUMBER)

    sweeper = Sweeper(row())
    desk = sweeper.wired(lambda target: Broken() if target is sweeper.listing else target)
    with pytest.raises(SweepFailed) as failed:
        desk.take(ASKED, lambda: PLENTY)
    assert str(failed.value) == "the sweep 2027-01-31_2027-01-31 failed (KeyError)"
    assert samples.CARD_NUMBER not in sweeper.console.read()
    assert "unexpected_error" in sweeper.console.read()
    assert sweeper.sweep()["state"] == "finished", "and the next call has it"
