"""How a reconciliation is called: cut off and gone on with, by two at once, by hand for any days, by its schedule."""

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
from tests.flow.logs import logged
from tests.flow.reconciling import World, world
from tests.house.checkout import ROOT
from tests.recorded_events import recorded

ORPHANS = 600
PAGE = 10
"""More than one call can do in a second."""
LONG_AGO = "2026-03-{:02}"
"""A day a test, two apart: a reconciliation looks a day beyond both ends."""


@pytest.fixture(scope="module")
def here() -> Iterator[World]:
    with world() as here:
        here.gateway.switch(page_size=PAGE)
        yield here


def orphans(here: World, day: str, count: int, **order: Any) -> list[str]:
    """Declined ones: of those that were paid only a hundred would be taken in."""
    told = {"status": "FAILED", "created_at": f"{day}T08:00:00Z", "seconds_apart": 30} | order
    return here.gateway.orphans(count, **told)


def calls(here: World, day: str, seconds: int, **asked: Any) -> list[dict[str, Any]]:
    """The results of calls of so many seconds, until one says that it is finished."""
    results = [here.run(first=day, last=day, seconds=seconds, **asked)]
    while results[-1]["state"] != "finished":
        assert results[-1]["state"] == "unfinished", results[-1]
        assert len(results) < 100
        results.append(here.run(first=day, last=day, seconds=seconds))
    return results


def test_a_reconciliation_that_runs_out_of_time_goes_on_where_it_stopped(here: World) -> None:
    day = LONG_AGO.format(3)
    made = orphans(here, day, ORPHANS)

    results = calls(here, day, seconds=1)

    assert len(results) > 1, "the test wants an interruption"
    rows = [result["rows"] for result in results]
    assert rows == sorted(rows)
    assert results[-1]["discrepancies"] == {"orphan": ORPHANS}
    report = here.report(results[-1])
    assert sorted(line["transaction_id"] for line in report.json["discrepancies"]) == sorted(made), "each one once"


def test_what_a_killed_call_had_is_taken_up_when_its_hold_is_over(here: World) -> None:
    day = LONG_AGO.format(5)
    orphans(here, day, ORPHANS)
    table = here.stack.admin.resource("dynamodb").Table(here.stack.table)
    assert here.run(first=day, last=day, seconds=1)["state"] == "unfinished"

    for held_until, state in ((datetime.now(UTC) + timedelta(minutes=10), "held"), (datetime.now(UTC), "finished")):
        table.update_item(
            Key={"pk": f"reconciliation#{day}_{day}"},
            UpdateExpression="SET held_by = :dead, held_until = :then",
            ExpressionAttributeValues={":dead": "a call that was killed", ":then": int(held_until.timestamp() * 1000)},
        )
        assert here.run(first=day, last=day)["state"] == state


def test_a_finished_reconciliation_is_done_again_only_when_it_is_said(here: World) -> None:
    day = LONG_AGO.format(7)
    orphans(here, day, 1, status="SUCCESS")
    (first,) = calls(here, day, seconds=60)
    orphans(here, day, 1)

    assert here.run(first=day, last=day) == first
    (again,) = calls(here, day, seconds=60, anew=True)
    assert again["discrepancies"] == {"orphan": 1, "undecided": 1}, "the one that was adopted before is adopted"
    assert again["report"] != first["report"]


class TestAListThatFails:
    """In the middle of a walk of four pages."""

    def test_and_comes_back_at_the_second_try_is_not_even_noticed(self, here: World) -> None:
        day = LONG_AGO.format(11)
        made = orphans(here, day, 4 * PAGE)
        here.gateway.script("list-unavailable", call="page")

        assert here.run(first=day, last=day)["discrepancies"] == {"orphan": len(made)}

    def test_and_stays_away_leaves_the_reconciliation_to_the_next_call(self, here: World) -> None:
        day = LONG_AGO.format(13)
        made = orphans(here, day, 4 * PAGE)
        for _ in range(3):
            here.gateway.script("list-500", call="page")

        result = here.run(first=day, last=day)

        assert (result["state"], result["rows"], result["report"]) == ("unfinished", PAGE, None)
        assert here.run(first=day, last=day)["discrepancies"] == {"orphan": len(made)}

    def test_because_the_cursor_is_stale_is_walked_again_from_its_beginning(self, here: World) -> None:
        day = LONG_AGO.format(15)
        made = orphans(here, day, 4 * PAGE)
        here.gateway.script(call="page")
        here.gateway.script("cursor-refused", call="page")

        result = here.run(first=day, last=day)

        assert result["state"] == "finished"
        lines = here.report(result).json["discrepancies"]
        assert sorted(line["transaction_id"] for line in lines) == sorted(made), "each one once"

    def test_because_its_cursor_leads_back_is_never_taken_for_whole(self, here: World) -> None:
        day = LONG_AGO.format(17)
        made = orphans(here, day, 4 * PAGE)
        here.gateway.script("cursor-repeated", call="page")

        assert "read to its end" in here.run(first=day, last=day)["error"]
        assert '"reconciliation_stuck"' in logged(here.stack.admin)
        assert here.run(first=day, last=day)["state"] == "stuck", "and not walked again every quarter of an hour"
        result = here.run(first=day, last=day, anew=True)
        lines = here.report(result).json["discrepancies"]
        assert sorted(line["transaction_id"] for line in lines) == sorted(made), "each one once"


@pytest.mark.parametrize(
    ("payload", "said"),
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
def test_a_call_that_makes_no_sense_says_what_is_wrong_and_begins_nothing(
    here: World, payload: dict[str, Any], said: str
) -> None:
    answer = here.call("ReconciliationFunction", payload)

    assert set(answer) == {"error"}
    assert said in answer["error"]
    assert here.item(f"reconciliation#{payload.get('from')}_{payload.get('to')}") == {}


def test_the_schedule_reconciliations_the_last_days_up_to_yesterday(
    here: World, stack_schedule: dict[str, Any]
) -> None:
    assert (stack_schedule["ScheduleExpression"], stack_schedule["State"]) == ("rate(15 minutes)", "DISABLED")
    assert json.loads(stack_schedule["Target"]["Input"]) == recorded("reconciliation")
    assert stack_schedule["Target"]["Arn"].endswith(":live")

    today = datetime.now(UTC).date()
    result = here.call("ReconciliationFunction", recorded("reconciliation"))

    assert result["state"] == "finished"
    assert (result["from"], result["to"]) in {
        (str(day - timedelta(days=120)), str(day - timedelta(days=1))) for day in (today, datetime.now(UTC).date())
    }
    assert here.call("ReconciliationFunction", recorded("reconciliation")) == result, "the day's reconciliation is done"


@pytest.fixture
def stack_schedule(here: World) -> dict[str, Any]:
    schedule: dict[str, Any] = here.stack.admin.client("scheduler").get_schedule(Name="payments-reconciliation")
    return schedule


class TestTheCommand:
    """`python -m operate.reconciliation`, as an operator runs it."""

    def test_reconciliations_any_days_and_saves_the_report(self, here: World, tmp_path: Path) -> None:
        day = LONG_AGO.format(9)
        made = orphans(here, day, 3, amount=1250, currency="EUR")

        told = operate(here.stack, "--from", day, "--to", day, "--save", str(tmp_path))

        assert told.returncode == 0, told.stderr
        assert "finished: 3 of 3 rows compared, 3 discrepancies" in told.stdout
        assert "3 orphan" in told.stdout
        (saved,) = tmp_path.glob("*.json")
        assert sorted(line["transaction_id"] for line in json.loads(saved.read_text())["discrepancies"]) == sorted(made)
        assert len(list(tmp_path.glob("*.csv"))) == 1

    def test_says_what_the_function_refuses(self, here: World) -> None:
        told = operate(here.stack, "--from", "2026-03-10", "--to", "2199-01-01")

        assert told.returncode == 1
        assert "to" in told.stderr


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
        timeout=120,
    )
