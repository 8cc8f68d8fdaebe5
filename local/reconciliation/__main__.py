"""`python -m local.reconciliation`: plays the day on its own stack, reconciles it, saves the report for the docs."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from local.reconciliation.scenes import FORGOTTEN, play
from local.simulator.control_client import Control
from local.stack import Shop, Stack, running
from local.stack.errors import StackError
from local.stack.progress import print_line, progress_printer
from local.stack.signals import Terminated, orderly_shutdown

SAMPLES: Final = Path(__file__).parents[2] / "docs" / "samples"


def sample() -> None:
    note = progress_printer()
    with running(note=note) as stack:
        note("playing the day")
        play(
            Shop(stack.api_url, stack.region, stack.identities.client),
            Control(stack.gateway.control_url or ""),
        )
        _age_by_two_hours(stack)
        note("reconciling it")
        for form, place in _run(stack).items():
            bucket, _, key = place.removeprefix("s3://").partition("/")
            file = SAMPLES / f"reconciliation.{form}"
            stack.admin.client("s3").download_file(bucket, key, str(file))
            note(f"saved: {file.name}")


def _age_by_two_hours(stack: Stack) -> None:
    """Moves the day two hours back: changes of the last hour are not reviewed. One payment was missing before."""
    table = stack.admin.resource("dynamodb").Table(stack.table)
    then = datetime.now(UTC) - timedelta(hours=2)
    for item in table.scan()["Items"]:
        if "history" not in item:
            continue
        for entry in item["history"]:
            entry["at"] = then.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        if item["order_id"] == FORGOTTEN:
            item["missing_since"] = int((then - timedelta(days=1)).timestamp() * 1000)
        table.put_item(Item=item)


def _run(stack: Stack) -> dict[str, str]:
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    answer = stack.admin.client("lambda").invoke(
        FunctionName=stack.functions["ReconciliationFunction"],
        Qualifier="live",
        Payload=json.dumps({"from": today, "to": today}),
    )
    report: dict[str, str] = json.loads(answer["Payload"].read())["report"]
    return report


def main() -> int:
    try:
        with orderly_shutdown():
            sample()
    except Terminated as ended:
        return ended.exit_code
    except StackError as error:
        print_line(f"\n{error}", sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
