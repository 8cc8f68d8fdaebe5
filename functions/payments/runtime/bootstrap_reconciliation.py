"""Building what the sweep alone stands on: who takes a charge need not load it."""

from typing import Final

import boto3
from botocore.config import Config

from payments.files.s3 import Bucket
from payments.gateway.client import PayAgency
from payments.gateway.transaction_list import PayAgencyList
from payments.ledger.checkpoints import DynamoCheckpoints
from payments.ledger.reconciliation import DynamoSweepLedger
from payments.model.timestamps import utc_now
from payments.runtime.bootstrap import aws
from payments.runtime.settings import SweepSettings

_FOR_FILES: Final = Config(connect_timeout=2, read_timeout=60, retries={"mode": "standard", "total_max_attempts": 4})
"""A report of many findings takes its time, and the sweep has it."""


def sweep_ledger_of(settings: SweepSettings) -> DynamoSweepLedger:
    """The table, as the sweep needs it."""
    return DynamoSweepLedger(aws("dynamodb"), settings.table_name)


def checkpoints_of(settings: SweepSettings) -> DynamoCheckpoints:
    """Where sweeps are kept between calls: in the table, too."""
    return DynamoCheckpoints(aws("dynamodb"), settings.table_name)


def reports_bucket_of(settings: SweepSettings) -> Bucket:
    """Where the sweep's reports go."""
    return Bucket(boto3.client("s3", config=_FOR_FILES), settings.reports_bucket)


def list_of(gateway: PayAgency) -> PayAgencyList:
    """The gateway's transaction list."""
    return PayAgencyList(gateway, utc_now)
