"""`python -m local.stack up`: the stack in the foreground, until Ctrl-C."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from local.stack import gateway, manifest
from local.stack.gateway import GatewayKeys
from local.stack.lifecycle import running
from local.stack.program_exit import STACK_STOPPED, exit_code_of
from local.stack.progress import progress_printer
from local.stack.signals import wait_for_signal


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.stack", description=__doc__)
    parser.add_argument("command", choices=["up"])
    parser.add_argument(
        "--file", type=Path, default=os.environ.get("STACK_FILE") or None, help="instead of .local/stack.json"
    )
    parser.add_argument(
        "--gateway-url",
        default=gateway.url_from_environment(),
        help="a gateway on this machine instead of the simulator",
    )
    return parser.parse_args()


def up(file: Path | None, gateway_url: str | None) -> None:
    note = progress_printer()
    keys = GatewayKeys.chosen(os.environ)
    url = gateway.on_loopback(gateway_url) if gateway_url else None
    with (
        manifest.claimed(file) as path,
        running(gateway_url=url, keys=keys, manifest_file=path, note=note) as stack,
    ):
        note(f"ready: {stack.api_url}")
        note(f"everything a client needs is in {path}; Ctrl-C stops the stack")
        wait_for_signal()


def main() -> int:
    options = _options()
    return exit_code_of(lambda: up(options.file, options.gateway_url), last_line=STACK_STOPPED)


if __name__ == "__main__":
    sys.exit(main())
