"""Calls of the reconciliation: continued after a stop, by hand for any days, by the schedule, with a failing list."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from local.stack import Stack
from tests.flow.logs import log_text
from tests.flow.reconciliation_system import ReconciliationSystem, reconciliation_system
from tests.house.checkout import ROOT
from tests.recorded_events import recorded

ORPHANS = 600
PAGE = 10
"""More than one call can do in a second."""
LONG_AGO = "2026-03-{:02}"
"""Each test has a day of its own, two apart: a reconciliation reads a day beyond both ends."""


@pytest.fixture(scope="module")
def system() -> Iterator[ReconciliationSystem]:
    with reconciliation_system() as system:
        system.gateway.switch(page_size=PAGE)
        yield system


def orphans(system: ReconciliationSystem, day: str, count: int, **order: Any) -> list[str]:
    """Declined transactions without a payment of ours: of paid ones only a hundred would be adopted."""
    transaction = {"status": "FAILED", "created_at": f"{day}T08:00:00Z", "seconds_apart": 30} | order
    return system.gateway.orphans(count, **transaction)


def calls(system: ReconciliationSystem, day: str, seconds: int, **asked: Any) -> list[dict[str, Any]]:
    """The results of repeated calls of so many seconds each, until one is finished."""
    results = [system.run(first=day, last=day, seconds=seconds, **asked)]
    while results[-1]["state"] != "finished":
        assert results[-1]["state"] == "unfinished", results[-1]
        assert len(results) < 100
        results.append(system.run(first=day, last=day, seconds=seconds))
    return results


def test_a_reconciliation_that_runs_out_of_time_continues_where_it_stopped(system: ReconciliationSystem) -> None:
    day = LONG_AGO.format(3)
    made = orphans(system, day, ORPHANS)

    results = calls(system, day, seconds=1)

    assert len(results) > 1, "the test needs an interruption"
    rows = [result["rows"] for result in results]
    assert rows == sorted(rows)
    assert results[-1]["discrepancies"] == {"orphan": ORPHANS}
    report = system.report(results[-1])
    assert sorted(line["transaction_id"] for line in report.json["discrepancies"]) == sorted(made), "each one once"


def test_the_work_of_a_killed_call_is_continued_when_its_lease_ends(system: ReconciliationSystem) -> None:
    day = LONG_AGO.format(5)
    orphans(system, day, ORPHANS)
    table = system.stack.admin.resource("dynamodb").Table(system.stack.table)
    assert system.run(first=day, last=day, seconds=1)["state"] == "unfinished"

    for held_until, state in ((datetime.now(UTC) + timedelta(minutes=10), "held"), (datetime.now(UTC), "finished")):
        table.update_item(
            Key={"pk": f"reconciliation#{day}_{day}"},
            UpdateExpression="SET held_by = :dead, held_until = :then",
            ExpressionAttributeValues={":dead": "a call that was killed", ":then": int(held_until.timestamp() * 1000)},
        )
        assert system.run(first=day, last=day)["state"] == state


def test_a_finished_reconciliation_runs_again_only_when_requested(system: ReconciliationSystem) -> None:
    day = LONG_AGO.format(7)
    orphans(system, day, 1, status="SUCCESS")
    (first,) = calls(system, day, seconds=60)
    orphans(system, day, 1)

    assert system.run(first=day, last=day) == first
    (again,) = calls(system, day, seconds=60, anew=True)
    assert again["discrepancies"] == {"orphan": 1, "undecided": 1}, "the one that was adopted before is adopted"
    assert again["report"] != first["report"]


class TestListFailure:
    """In the middle of four pages."""

    def test_that_ends_with_the_second_attempt_is_not_noticed(self, system: ReconciliationSystem) -> None:
        day = LONG_AGO.format(11)
        made = orphans(system, day, 4 * PAGE)
        system.gateway.script("list-unavailable", call="page")

        assert system.run(first=day, last=day)["discrepancies"] == {"orphan": len(made)}

    def test_that_lasts_leaves_the_reconciliation_to_the_next_call(self, system: ReconciliationSystem) -> None:
        day = LONG_AGO.format(13)
        made = orphans(system, day, 4 * PAGE)
        for _ in range(3):
            system.gateway.script("list-500", call="page")

        result = system.run(first=day, last=day)

        assert (result["state"], result["rows"], result["report"]) == ("unfinished", PAGE, None)
        assert system.run(first=day, last=day)["discrepancies"] == {"orphan": len(made)}

    def test_with_a_stale_cursor_restarts_at_page_one(self, system: ReconciliationSystem) -> None:
        day = LONG_AGO.format(15)
        made = orphans(system, day, 4 * PAGE)
        system.gateway.script(call="page")
        system.gateway.script("cursor-refused", call="page")

        result = system.run(first=day, last=day)

        assert result["state"] == "finished"
        lines = system.report(result).json["discrepancies"]
        assert sorted(line["transaction_id"] for line in lines) == sorted(made), "each one once"

    def test_with_a_cursor_that_leads_back_is_never_taken_as_complete(self, system: ReconciliationSystem) -> None:
        day = LONG_AGO.format(17)
        made = orphans(system, day, 4 * PAGE)
        system.gateway.script("cursor-repeated", call="page")

        assert "read to its end" in system.run(first=day, last=day)["error"]
        assert '"reconciliation_stuck"' in log_text(system.stack.admin)
        assert system.run(first=day, last=day)["state"] == "stuck", "and not restarted every quarter of an hour"
        result = system.run(first=day, last=day, anew=True)
        lines = system.report(result).json["discrepancies"]
        assert sorted(line["transaction_id"] for line in lines) == sorted(made), "each one once"


@pytest.mark.parametrize(
    ("payload", "named"),
    [
        ({"from": "2026-03-01"}, "to"),
        ({"to": "2026-03-01"}, "from"),
        ({"from": "yesterday", "to": "2026-03-01"}, "from"),
        ({"from": "2026-13-01", "to": "2026-13-02"}, "from"),
        ({"from": "2026-03-02", "to": "2026-03-01"}, "from"),
        ({"from": "2024-01-01", "to": "2025-03-01"}, "366"),
        ({"from": "2026-03-01", "to": "2199-01-01"}, "to"),
        ({"from": "2026-03-01", "to": "2026-03-01", "seconds": 0}, "seconds"),
        ({"from": "2026-03-01", "to": "2026-03-01", "anew": "yes"}, "anew"),
        ({"from": "2026-03-01", "to": "2026-03-01", "colour": "red"}, "colour"),
    ],
)
def test_an_invalid_call_names_the_error_and_starts_nothing(
    system: ReconciliationSystem, payload: dict[str, Any], named: str
) -> None:
    answer = system.call("ReconciliationFunction", payload)

    assert set(answer) == {"error"}
    assert named in answer["error"]
    assert system.item(f"reconciliation#{payload.get('from')}_{payload.get('to')}") == {}


def test_the_schedule_reconciles_the_last_days_up_to_yesterday(
    system: ReconciliationSystem, stack_schedule: dict[str, Any]
) -> None:
    assert (stack_schedule["ScheduleExpression"], stack_schedule["State"]) == ("rate(15 minutes)", "DISABLED")
    assert json.loads(stack_schedule["Target"]["Input"]) == recorded("reconciliation")
    assert stack_schedule["Target"]["Arn"].endswith(":live")

    today = datetime.now(UTC).date()
    result = system.call("ReconciliationFunction", recorded("reconciliation"))

    assert result["state"] == "finished"
    assert (result["from"], result["to"]) in {
        (str(day - timedelta(days=120)), str(day - timedelta(days=1))) for day in (today, datetime.now(UTC).date())
    }
    assert "/reports/daily/" in result["report"]["json"]
    assert system.call("ReconciliationFunction", recorded("reconciliation")) == result, (
        "the day's reconciliation is done"
    )


@pytest.fixture
def stack_schedule(system: ReconciliationSystem) -> dict[str, Any]:
    schedule: dict[str, Any] = system.stack.admin.client("scheduler").get_schedule(Name="payments-reconciliation")
    return schedule


class TestTheCommand:
    """`python -m operate.reconciliation`, run as an operator does."""

    def test_reconciles_any_days_and_saves_the_report(self, system: ReconciliationSystem, tmp_path: Path) -> None:
        day = LONG_AGO.format(9)
        made = orphans(system, day, 3, amount=1250, currency="EUR")

        command = operate(system.stack, "--from", day, "--to", day, "--save", str(tmp_path))

        assert command.returncode == 0, command.stderr
        assert "finished: 3 of 3 rows compared, 3 discrepancies" in command.stdout
        assert "3 orphan" in command.stdout
        (saved,) = tmp_path.glob("*.json")
        assert sorted(line["transaction_id"] for line in json.loads(saved.read_text())["discrepancies"]) == sorted(made)
        assert len(list(tmp_path.glob("*.csv"))) == 1

    def test_prints_the_functions_error(self, system: ReconciliationSystem) -> None:
        command = operate(system.stack, "--from", "2026-03-10", "--to", "2199-01-01")

        assert command.returncode == 1
        assert "to" in command.stderr


def operate(stack: Stack, *arguments: str) -> subprocess.CompletedProcess[str]:
    keys = stack.admin.keys
    return subprocess.run(
        [sys.executable, "-m", "operate.reconciliation", *arguments],
        cwd=ROOT,
        env=os.environ
        | {
            "PYTHONPATH": "functions",
            "AWS_ENDPOINT_URL": stack.admin.endpoint_url,
            "AWS_ACCESS_KEY_ID": keys.access_key_id,
            "AWS_SECRET_ACCESS_KEY": keys.secret_access_key,
            "AWS_DEFAULT_REGION": stack.region,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
