"""`python -m local.demo`: the documented payment on a new stack; `--stay` keeps the stack for your own payments."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from local.demo import snippets
from local.demo.timeline import MissingStepError, Timeline
from local.demo.walkthrough import Walkthrough
from local.simulator.control_client import Control
from local.stack import gateway, manifest
from local.stack.api_client import Shop
from local.stack.errors import SettingError, tail
from local.stack.gateway import GatewayKeys
from local.stack.lifecycle import running
from local.stack.program_exit import STACK_STOPPED, exit_code_of
from local.stack.progress import progress_printer
from local.stack.stack import Stack
from local.stack.subscriber import Subscriber, subscribed

Note = Callable[[str], None]


def demo(*, stay: bool) -> None:
    if gateway.url_from_environment():
        raise SettingError("the demo needs the simulator; with GATEWAY_URL use `make up`")
    note, file = progress_printer(), os.environ.get("STACK_FILE")
    with (
        manifest.claimed(Path(file) if file else None) as path,
        running(keys=GatewayKeys.chosen(os.environ), manifest_file=path, note=note) as stack,
        subscribed(stack.admin, stack.bus) as bus,
    ):
        note("ready; sending the documented payment\n")
        _run(_walkthrough(stack, bus, note), stack)
        note("all eight steps happened")
        if stay:
            sys.stdout.write(_invitation(stack, path))
            _print_events(bus, note)


def _run(walkthrough: Walkthrough, stack: Stack) -> None:
    try:
        walkthrough.run()
    except MissingStepError:
        sys.stderr.write(f"\nThe end of what MiniStack and the functions wrote:\n{tail(stack.log())}\n")
        raise


def _walkthrough(stack: Stack, bus: Subscriber, note: Note) -> Walkthrough:
    shop = Shop(stack.api_url, stack.region, stack.identities.client)
    gateway = Control(stack.gateway.control_url or "")
    return Walkthrough(shop, gateway, bus, Timeline(note, sys.stdout.write))


def _invitation(stack: Stack, path: Path) -> str:
    return f"""
Now your own payment. The stack stays up until Ctrl-C; {path} holds its addresses and keys.
Open next_action.url of the answer in a browser; the event is then printed here.
The state of the gateway: {stack.gateway.control_url}/book

With curl:

{snippets.curl(stack)}

With Python:

{snippets.python(stack)}
"""


def _print_events(bus: Subscriber, note: Note) -> None:
    while True:
        for event in bus.poll(seconds=5):
            data = event["detail"]["data"]
            note(f"event {event['detail-type']} {data['payment_id']} {data['amount']} {data['currency']}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m local.demo", description=__doc__)
    parser.add_argument(
        "--stay", action="store_true", help="keep the stack running and print how to send your own payment"
    )
    options = parser.parse_args()
    return exit_code_of(lambda: demo(stay=options.stay), last_line=STACK_STOPPED)


if __name__ == "__main__":
    sys.exit(main())
