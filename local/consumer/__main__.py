"""`python -m local.consumer`: deploys the example consumer onto the running stack and prints its log."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from local.consumer.deployment import deployed
from local.consumer.log_tail import Log
from local.consumer.running_stack import running_stack
from local.stack import manifest
from local.stack.program_exit import exit_code_of
from local.stack.progress import progress_printer

_POLL_SECONDS = 1.0


def consume(file: Path) -> None:
    note, stack = progress_printer(), running_stack(file)
    note("deploying examples/consumer with sam")
    outputs = deployed(stack.admin, stack.bus)
    note("the consumer is running; Ctrl-C stops this log, not the consumer")
    log = Log(stack.admin, outputs["LogGroup"])
    while True:
        for line in log.fresh():
            missing = f" {line['payment_id']} misses {line['missing']}" if "missing" in line else ""
            note(f"{line['message']}{missing}")
        time.sleep(_POLL_SECONDS)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m local.consumer", description=__doc__)
    parser.add_argument(
        "--file", type=Path, default=os.environ.get("STACK_FILE") or manifest.DEFAULT, help="the running stack's"
    )
    options = parser.parse_args()
    return exit_code_of(lambda: consume(options.file))


if __name__ == "__main__":
    sys.exit(main())
