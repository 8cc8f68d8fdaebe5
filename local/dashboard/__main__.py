"""`python -m local.dashboard`: plays mixed scenarios on a stack of its own, and draws the dashboard of them."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from local.dashboard.cloudwatch import Metrics
from local.dashboard.dashboard_svg import picture
from local.dashboard.mixed_load import Scenes
from local.dashboard.widget_svg import Span
from local.dashboard.widgets import Dashboard
from local.simulator.control_client import Control
from local.stack.api_client import Shop
from local.stack.lifecycle import running
from local.stack.program_exit import ran
from local.stack.progress import noting
from local.stack.stack import Stack

_PICTURE = Path(__file__).parents[2] / "docs" / "dashboard.svg"
_PERIOD = timedelta(seconds=10)


def draw(out: Path, minutes: float) -> None:
    note = noting()
    with running(note=note, simulator_options=("--webhook-intervals", "1,2,3")) as stack:
        metrics, since = Metrics(stack.admin), _whole(datetime.now(UTC))
        note(f"playing mixed scenarios for {minutes:g} minutes")
        _scenes(stack).play(minutes * 60, meanwhile=lambda: _fed(metrics, note))
        _reconcile(stack)
        _fed(metrics, note)
        board = Dashboard(metrics, _names(stack), since, _PERIOD)
        span = Span(since, _whole(datetime.now(UTC)) + _PERIOD, _PERIOD)
        subtitle = f"{minutes:g} minutes of mixed scenarios on the local stack, in steps of {_PERIOD.seconds} s"
        out.write_text(picture(board.widgets(), span, f"CloudWatch dashboard “{stack.name}”", subtitle))
        note(f"drawn: {out}")


def _whole(at: datetime) -> datetime:
    """The beginning of the period."""
    return at.replace(microsecond=0) - timedelta(seconds=at.second % int(_PERIOD.total_seconds()))


def _fed(metrics: Metrics, note: Callable[[str], None]) -> None:
    note(f"{len(metrics.feed())} values more")


def _scenes(stack: Stack) -> Scenes:
    shop = Shop(stack.api_url, stack.region, stack.identities.client)
    functions, name = stack.admin.client("lambda"), stack.functions["FollowUpFunction"]

    def follow_up() -> None:
        functions.invoke(FunctionName=name, Qualifier="live", Payload=b"{}")

    return Scenes(shop, Control(stack.gateway.control_url or ""), follow_up)


def _reconcile(stack: Stack) -> None:
    """Compares the books of the run: what it played with is found."""
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    stack.admin.client("lambda").invoke(
        FunctionName=stack.functions["ReconciliationFunction"],
        Qualifier="live",
        Payload=json.dumps({"from": today, "to": today}),
    )


def _names(stack: Stack) -> dict[str, str]:
    found = stack.admin.client("cloudformation").describe_stack_resources(StackName=stack.name)["StackResources"]
    resources = {each["LogicalResourceId"]: each["PhysicalResourceId"].rpartition("/")[2] for each in found}
    return resources | {"AWS::StackName": stack.name, "AWS::Region": stack.region}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m local.dashboard", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--out", type=Path, default=_PICTURE)
    options = parser.parse_args()
    return ran(lambda: draw(options.out, options.minutes))


if __name__ == "__main__":
    sys.exit(main())
