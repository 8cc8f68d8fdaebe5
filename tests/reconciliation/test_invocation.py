"""One call of the reconciliation from outside: its result, its log lines and its metrics."""

import json
from typing import Any

import pytest

from payments.reconciliation.checkpoint import new_checkpoint
from reconciliation.invocation import ReconciliationFailed, ReconciliationInvocation
from tests.fakes import samples
from tests.fakes.transaction_list import row
from tests.payments.reconciliation.eventful_day import FOUND, eventful, one_step
from tests.payments.reconciliation.reconciler import DAY, PLENTY, SPAN, Reconciler

ASKED = {"from": DAY.isoformat(), "to": DAY.isoformat()}


def lines_with(reconciler: Reconciler, message: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in reconciler.console.read().splitlines() if line.startswith("{")]
    return [line for line in lines if line.get("message") == message]


def test_a_result_has_the_progress_and_the_address_of_the_report() -> None:
    reconciler = eventful()
    result = reconciler.run()
    name = "reports/2027-01-31_2027-01-31/2027-02-01T10-30-00.000Z"
    assert result == {
        "from": "2027-01-31",
        "to": "2027-01-31",
        "state": "finished",
        "complete": True,
        "rows": 8,
        "listed_total": 8,
        "discrepancies": FOUND,
        "report": {"json": f"s3://reports/{name}.json", "csv": f"s3://reports/{name}.csv"},
    }
    assert {f"{name}.json", f"{name}.csv"} <= set(reconciler.files.files)
    json.dumps(result)


def test_a_reconciliation_of_another_call_is_held() -> None:
    reconciler = eventful()
    reconciler.checkpoints.take(
        new_checkpoint(SPAN, live=False, at=reconciler.clock()),
        "other",
        reconciler.clock(),
        reconciler.clock.forward(hours=5),
    )
    reconciler.clock.forward(hours=-5)
    result = reconciler.run()
    assert (result["state"], result["rows"], result["discrepancies"], result["report"]) == ("held", 0, {}, None)
    assert reconciler.listing.asked == []


def test_the_schedule_reconciles_the_days_up_to_yesterday() -> None:
    reconciler = eventful()
    result = reconciler.wired().take({}, lambda: PLENTY)
    assert (result["from"], result["to"], result["discrepancies"]) == ("2027-01-31", "2027-01-31", FOUND)


def test_progress_is_logged_every_ten_seconds_and_at_the_end() -> None:
    reconciler = eventful()
    invocation, ticks = reconciler.wired(), iter(range(0, 10_000, 4))
    ReconciliationInvocation(
        invocation.reconciliation, invocation.telemetry, invocation.address, invocation.days, lambda: float(next(ticks))
    ).take(ASKED, lambda: PLENTY)
    lines = lines_with(reconciler, "reconciling")
    assert 1 < len(lines) < 6
    first, last = lines[0], lines[-1]
    assert (first["from"], first["to"], first["phase"], first["listed_total"]) == (*ASKED.values(), "unlisted", 8)
    assert (last["phase"], last["rows"], last["discrepancies"]) == ("done", 8, sum(FOUND.values()))
    assert {line.get("payment_id") for line in lines} == {None}


def test_a_finished_reconciliation_is_not_logged_again() -> None:
    reconciler = eventful()
    reconciler.run()
    before = len(lines_with(reconciler, "reconciling"))
    reconciler.run()
    assert len(lines_with(reconciler, "reconciling")) == before


def metrics(capsys: pytest.CaptureFixture[str], reconciler: Reconciler) -> dict[str, Any]:
    reconciler.console.telemetry.flush()
    counted: dict[str, Any] = {}
    for line in capsys.readouterr().out.splitlines():
        values = json.loads(line)
        for declared in values["_aws"]["CloudWatchMetrics"]:
            for metric in declared["Metrics"]:
                name = metric["Name"]
                counted[f"{name} {values['discrepancy']}" if name == "ReconciliationDiscrepancies" else name] = values[
                    name
                ]
    return counted


def test_the_call_that_finishes_writes_the_metrics_once(capsys: pytest.CaptureFixture[str]) -> None:
    reconciler = eventful()
    daily: dict[str, Any] = {}
    reconciler.wired().take(daily, one_step())
    unfinished = metrics(capsys, reconciler)
    assert unfinished["ReconciliationsUnfinished"] == [1.0]
    assert "ReconciliationsFinished" not in unfinished
    while reconciler.wired().take(daily, one_step())["state"] == "unfinished":
        pass
    counted = metrics(capsys, reconciler)
    assert (counted["ReconciliationsFinished"], counted["ReconciliationRows"]) == ([1.0], [8.0])
    assert {name: counted[f"ReconciliationDiscrepancies {name}"] for name in FOUND} == {
        name: [float(n)] for name, n in FOUND.items()
    }
    reconciler.wired().take(daily, lambda: PLENTY)
    assert "ReconciliationsFinished" not in metrics(capsys, reconciler)


def test_a_reconciliation_by_hand_does_not_count_as_the_schedules(capsys: pytest.CaptureFixture[str]) -> None:
    reconciler = eventful()
    reconciler.run()
    counted = metrics(capsys, reconciler)
    assert "ReconciliationsFinished" not in counted
    assert counted["ReconciliationRows"] == [8.0]
    reconciler.wired().take({}, lambda: PLENTY)
    assert metrics(capsys, reconciler)["ReconciliationsFinished"] == [1.0], "the days are the schedule's, and done"


def test_a_bug_is_an_error_that_quotes_nothing() -> None:
    class Broken:
        def page(self, *_: object) -> None:
            raise KeyError(samples.CARD_NUMBER)

    reconciler = Reconciler(row())
    invocation = reconciler.wired(lambda target: Broken() if target is reconciler.listing else target)
    with pytest.raises(ReconciliationFailed) as failed:
        invocation.take(ASKED, lambda: PLENTY)
    assert str(failed.value) == "the reconciliation 2027-01-31_2027-01-31 failed (KeyError)"
    assert samples.CARD_NUMBER not in reconciler.console.read()
    assert "unexpected_error" in reconciler.console.read()
    assert reconciler.run()["state"] == "finished", "and the next call has it"
