"""`python -m local.dashboard`: runs mixed scenarios on a new stack, and draws its dashboard."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from local.dashboard.cloudwatch import Metrics
from local.dashboard.dashboard_svg import dashboard_svg
from local.dashboard.mixed_load import MixedLoad
from local.dashboard.widget_svg import Span
from local.dashboard.widgets import Dashboard
from local.simulator.control_client import Control
from local.stack.api_client import Shop
from local.stack.lifecycle import running
from local.stack.program_exit import exit_code_of
from local.stack.progress import progress_printer
from local.stack.stack import Stack

_SVG = Path(__file__).parents[2] / "docs" / "dashboard.svg"
_PERIOD = timedelta(seconds=10)


def draw(out: Path, minutes: float) -> None:
    note = progress_printer()
    with running(note=note, simulator_options=("--webhook-intervals", "1,2,3")) as stack:
        metrics, since = Metrics(stack.admin), _period_start(datetime.now(UTC))
        note(f"running mixed scenarios for {minutes:g} minutes")
        _load(stack).run(minutes * 60, meanwhile=lambda: _feed(metrics, note))
        _reconcile(stack)
        _feed(metrics, note)
        dashboard = Dashboard(metrics, _names(stack), since, _PERIOD)
        span = Span(since, _period_start(datetime.now(UTC)) + _PERIOD, _PERIOD)
        subtitle = f"{minutes:g} minutes of mixed scenarios on the local stack, in steps of {_PERIOD.seconds} s"
        out.write_text(dashboard_svg(dashboard.widgets(), span, f"CloudWatch dashboard “{stack.name}”", subtitle))
        note(f"drawn: {out}")


def _period_start(at: datetime) -> datetime:
    """The start of the period that contains `at`."""
    return at.replace(microsecond=0) - timedelta(seconds=at.second % int(_PERIOD.total_seconds()))


def _feed(metrics: Metrics, note: Callable[[str], None]) -> None:
    note(f"{len(metrics.feed())} new values")


def _load(stack: Stack) -> MixedLoad:
    shop = Shop(stack.api_url, stack.region, stack.identities.client)
    functions, name = stack.admin.client("lambda"), stack.functions["FollowUpFunction"]

    def follow_up() -> None:
        functions.invoke(FunctionName=name, Qualifier="live", Payload=b"{}")

    return MixedLoad(shop, Control(stack.gateway.control_url or ""), follow_up)


def _reconcile(stack: Stack) -> None:
    """Runs the reconciliation of today."""
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
    parser.add_argument("--out", type=Path, default=_SVG)
    options = parser.parse_args()
    return exit_code_of(lambda: draw(options.out, options.minutes))


if __name__ == "__main__":
    sys.exit(main())
