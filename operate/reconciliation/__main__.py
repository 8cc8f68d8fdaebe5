"""`python -m operate.reconciliation`: compares both books for the days you name, and says what it found.

It runs in the account, not here: Ctrl-C leaves the reconciliation as it is, and the same command goes on with it. Credentials,
region and endpoint come from the environment, as for every AWS tool. It needs lambda:InvokeFunction on the function,
cloudformation:DescribeStacks, and, for --save, s3:GetObject on the reports. It exits with 0 when both books were
compared to their end, with 3 when the gateway's list had holes.
"""

import argparse
import re
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from operate.outputs import outputs_of
from operate.reconciliation.calling import Days, ReconciliationFunction, ReconciliationRefused, Result, reconciled
from operate.reconciliation.saving import saved
from operate.reconciliation.telling import outcome, progress

Aws = Callable[..., Any]
"""Makes the client of a service, as `boto3.client` does."""

INCOMPLETE: Final = 3
INTERRUPTED: Final = 130

# A call may take as long as the function may. The library repeats none: two at once only keep each other out.
_PATIENT: Final = Config(read_timeout=910, tcp_keepalive=True, retries={"total_max_attempts": 1})


def options(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m operate.reconciliation", description=__doc__)
    parser.add_argument("--from", dest="first", metavar="DAY", type=_day, required=True, help="YYYY-MM-DD")
    parser.add_argument("--to", dest="last", metavar="DAY", type=_day, required=True, help="included")
    parser.add_argument(
        "--anew", action="store_true", help="again, though these days have been reconciled, or are stuck"
    )
    parser.add_argument("--save", metavar="DIR", type=Path, help="where to put the report's two files")
    parser.add_argument("--stack", default="payments", help="the stack whose outputs name the function")
    return parser.parse_args(arguments)


def _day(text: str) -> date:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise argparse.ArgumentTypeError("must be a day as YYYY-MM-DD")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("is no day of the calendar") from None


def main(
    arguments: list[str] | None = None, aws: Aws = boto3.client, sleep: Callable[[float], None] = time.sleep
) -> int:
    chosen = options(arguments)
    try:
        result = run(chosen, aws, sleep)
        if result["state"] == "stuck":
            sys.stderr.write(
                "The gateway's list cannot be read to its end (docs/runbook.md#reconciliation-stuck). To try it once more:\n"
                f"python -m operate.reconciliation {_days(chosen)} --stack {chosen.stack} --anew\n"
            )
            return 1
        for line in outcome(result):
            _say(line)
        if chosen.save and result["report"]:
            for file in saved(aws("s3"), result["report"], chosen.save):
                _say(f"saved: {file}")
    except (ClientError, BotoCoreError, ReconciliationRefused) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"the report cannot be saved to {chosen.save}: {error.strerror}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write(
            "\nStopped waiting. The call under way ends by itself, and what it has written stays.\n"
            f"To go on where it stopped: python -m operate.reconciliation {_days(chosen)} --stack {chosen.stack}"
            f"{f' --save {chosen.save}' if chosen.save else ''}\n"
        )
        return INTERRUPTED
    return 0 if result["complete"] else INCOMPLETE


def run(chosen: argparse.Namespace, aws: Aws, sleep: Callable[[float], None]) -> Result:
    """Calls until it is finished, and tells of each call. Raises ReconciliationRefused."""
    name = outputs_of(aws("cloudformation"), chosen.stack)["ReconciliationFunctionName"]
    function = ReconciliationFunction(aws("lambda", config=_PATIENT), name)
    result: Result = {}
    for result in reconciled(function, _days(chosen), anew=chosen.anew, sleep=sleep):
        _say(progress(result))
    return result


def _days(chosen: argparse.Namespace) -> Days:
    return Days(chosen.first, chosen.last)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
