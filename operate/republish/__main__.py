"""`python -m operate.republish`: puts events on the bus again, marked `replayed`, under the same event ids.

Credentials, region and endpoint come from the environment, as for every AWS tool. The command needs
dynamodb:GetItem (--payment) or dynamodb:Scan (--day) on the table, events:PutEvents on the bus, and, without
`--table` and `--bus`, cloudformation:DescribeStacks.
"""

import argparse
import sys
from datetime import date

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from operate.outputs import outputs_of
from operate.republish.replay import CountingBus, Republished, TerminalTelemetry, republish_events
from operate.republish.selection import of_day, of_payment
from payments.bus.eventbridge import EventBridgeBus
from payments.model.identifiers import is_payment_id

_CONFIG = Config(retries={"mode": "adaptive", "max_attempts": 8})  # the scan must not slow down payments


def options(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m operate.republish", description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--payment", metavar="pay_…", type=_payment_id, help="every event of one payment")
    what.add_argument("--day", metavar="YYYY-MM-DD", type=date.fromisoformat, help="a UTC day; scans the table")
    parser.add_argument("--stack", default="payments", help="the stack with table and bus in its outputs")
    parser.add_argument("--table", help="instead of the stack's")
    parser.add_argument("--bus", help="instead of the stack's")
    parser.add_argument("--dry-run", action="store_true", help="count, and put nothing on the bus")
    return parser.parse_args(argv)


def republish(arguments: argparse.Namespace) -> Republished:
    """Reads the chosen events and publishes them again."""
    table, bus_name = _names(arguments)
    dynamodb, events = boto3.client("dynamodb", config=_CONFIG), boto3.client("events", config=_CONFIG)
    found = of_day(dynamodb, table, arguments.day) if arguments.day else of_payment(dynamodb, table, arguments.payment)
    return republish_events(
        found, CountingBus() if arguments.dry_run else EventBridgeBus(events, bus_name, TerminalTelemetry())
    )


def _names(arguments: argparse.Namespace) -> tuple[str, str]:
    if arguments.table and arguments.bus:
        return arguments.table, arguments.bus
    outputs = outputs_of(boto3.client("cloudformation"), arguments.stack)
    return arguments.table or outputs["TableName"], arguments.bus or outputs["BusName"]


def _payment_id(text: str) -> str:
    if not is_payment_id(text):
        raise argparse.ArgumentTypeError("not a payment's id: pay_ and 26 of a-z, 2-7")
    return text


def main() -> int:
    arguments = options()
    try:
        counts = republish(arguments)
    except (ClientError, BotoCoreError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    verb = "would be published" if arguments.dry_run else "published"
    sys.stdout.write(
        f"{counts.events} events of {counts.payments} payments {verb} again; the bus refused {counts.refused}\n"
    )
    unknown = bool(arguments.payment) and not counts.payments
    return 1 if counts.refused or unknown else 0


if __name__ == "__main__":
    sys.exit(main())
