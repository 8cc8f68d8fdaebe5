"""`python -m local.stack up`: the stack in the foreground, until Ctrl-C."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from local.stack import gateway, manifest
from local.stack.gateway import GatewayKeys
from local.stack.lifecycle import running
from local.stack.program_exit import STACK_IS_GONE, ran
from local.stack.progress import noting
from local.stack.signals import wait_for_the_end


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.stack", description=__doc__)
    parser.add_argument("command", choices=["up"])
    parser.add_argument(
        "--file", type=Path, default=os.environ.get("STACK_FILE") or None, help="instead of .local/stack.json"
    )
    parser.add_argument(
        "--gateway-url", default=gateway.url_from(), help="a gateway on this machine instead of the simulator"
    )
    return parser.parse_args()


def up(file: Path | None, gateway_url: str | None) -> None:
    note = noting()
    keys = GatewayKeys.chosen(os.environ)
    url = gateway.on_loopback(gateway_url) if gateway_url else None
    with (
        manifest.claimed(file) as path,
        running(gateway_url=url, keys=keys, manifest_file=path, note=note) as stack,
    ):
        note(f"ready: {stack.api_url}")
        note(f"everything a client needs is in {path}; Ctrl-C takes the stack down")
        wait_for_the_end()


def main() -> int:
    options = _options()
    return ran(lambda: up(options.file, options.gateway_url), farewell=STACK_IS_GONE)


if __name__ == "__main__":
    sys.exit(main())
