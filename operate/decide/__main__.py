"""`python -m operate.decide`: decides a payment in `needs_review`, or a refund without a known outcome.

The follow-up publishes the event within a minute. Credentials, region and endpoint come from the environment, as for
every AWS tool. The command needs dynamodb:GetItem and dynamodb:UpdateItem on the table, and, without `--table`,
cloudformation:DescribeStacks.
"""

import argparse
import getpass
import sys

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from operate.decide.decision import CHOICES, NotDecidable, decide
from operate.outputs import outputs_of
from payments.ledger.payments import DynamoLedger
from payments.model.pan import may_hold_number
from payments.model.timestamps import utc_now


def options(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m operate.decide", description=__doc__)
    parser.add_argument("--payment", metavar="pay_…", required=True)
    parser.add_argument("--to", choices=CHOICES, required=True, help="the outcome that the gateway's back office shows")
    parser.add_argument(
        "--because", metavar="WORDS", required=True, type=_text, help="the reason; it stays in the history"
    )
    parser.add_argument("--who", default=getpass.getuser(), type=_text, help="who decides (default: you, %(default)s)")
    parser.add_argument("--stack", default="payments", help="the stack with the table in its outputs")
    parser.add_argument("--table", help="instead of the stack's")
    return parser.parse_args(argv)


def _text(text: str) -> str:
    """The text stays in the history for ever, and everybody who may read the payment sees it."""
    if not text.strip():
        raise argparse.ArgumentTypeError("give a reason")
    if may_hold_number(text) or "@" in text:
        raise argparse.ArgumentTypeError("must contain no card number and no email address")
    return text


def _table(arguments: argparse.Namespace) -> str:
    if arguments.table:
        return str(arguments.table)
    return outputs_of(boto3.client("cloudformation"), arguments.stack)["TableName"]


def main() -> int:
    arguments = options()
    try:
        ledger = DynamoLedger(boto3.client("dynamodb"), _table(arguments))
        decided = decide(
            ledger, arguments.payment, arguments.to, who=arguments.who, why=arguments.because, at=utc_now()
        )
    except (ClientError, BotoCoreError, NotDecidable) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(
        f"{decided.id} is {decided.status}, refund {decided.refund.status}, as entry {decided.version}; "
        "the event is published within a minute\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
