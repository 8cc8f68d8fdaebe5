"""`python -m operate.reconciliation`: compares our payments with the gateway's list for the days you name.

It runs in the account, not here: Ctrl-C leaves the reconciliation as it is, and the same command continues it.
Credentials, region and endpoint come from the environment, as for every AWS tool. It needs lambda:InvokeFunction on the
function, cloudformation:DescribeStacks, and, for --save, s3:GetObject on the reports. It exits with 0 when both sides
were compared to their end, with 3 when the gateway's list had holes.
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
from operate.reconciliation.console import outcome, progress
from operate.reconciliation.download import download
from operate.reconciliation.function import (
    Days,
    ReconciliationFunction,
    ReconciliationRefused,
    Result,
    call_until_done,
)

Aws = Callable[..., Any]
"""Makes a service's client, as `boto3.client` does."""

INCOMPLETE: Final = 3
INTERRUPTED: Final = 130

# A call may take as long as the function's timeout. The library retries none: a second call would only be held off.
_LAMBDA_CONFIG: Final = Config(read_timeout=910, tcp_keepalive=True, retries={"total_max_attempts": 1})


def options(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m operate.reconciliation", description=__doc__)
    parser.add_argument("--from", dest="first", metavar="DAY", type=_day, required=True, help="YYYY-MM-DD")
    parser.add_argument("--to", dest="last", metavar="DAY", type=_day, required=True, help="included")
    parser.add_argument(
        "--anew", action="store_true", help="again, though these days have been reconciled, or are stuck"
    )
    parser.add_argument("--save", metavar="DIR", type=Path, help="where to put the report's two files")
    parser.add_argument("--stack", default="payments", help="the stack with the function's name in its outputs")
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
                "The gateway's list cannot be read to its end (docs/runbook.md#reconciliation-stuck)."
                " To try it once more:\n"
                f"python -m operate.reconciliation {_days(chosen)} --stack {chosen.stack} --anew\n"
            )
            return 1
        for line in outcome(result):
            _print(line)
        if chosen.save and result["report"]:
            for file in download(aws("s3"), result["report"], chosen.save):
                _print(f"saved: {file}")
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
    """Calls until the reconciliation is finished or stuck, and prints the progress. Raises ReconciliationRefused."""
    name = outputs_of(aws("cloudformation"), chosen.stack)["ReconciliationFunctionName"]
    function = ReconciliationFunction(aws("lambda", config=_LAMBDA_CONFIG), name)
    result: Result = {}
    for result in call_until_done(function, _days(chosen), anew=chosen.anew, sleep=sleep):
        _print(progress(result))
    return result


def _days(chosen: argparse.Namespace) -> Days:
    return Days(chosen.first, chosen.last)


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
