"""Building what the reconciliation alone stands on: who takes a charge need not load it."""

from typing import Final

import boto3
from botocore.config import Config

from payments.files.s3 import Bucket
from payments.gateway.client import PayAgency
from payments.gateway.transaction_list import PayAgencyList
from payments.ledger.checkpoints import DynamoCheckpointStore
from payments.ledger.reconciliation import DynamoReconciliationLedger
from payments.model.timestamps import utc_now
from payments.runtime.bootstrap import aws
from payments.runtime.settings import ReconciliationSettings

_FOR_FILES: Final = Config(connect_timeout=2, read_timeout=60, retries={"mode": "standard", "total_max_attempts": 4})
"""A report of many discrepancies takes its time, and the reconciliation has it."""


def reconciliation_ledger_of(settings: ReconciliationSettings) -> DynamoReconciliationLedger:
    """The table, as the reconciliation needs it."""
    return DynamoReconciliationLedger(aws("dynamodb"), settings.table_name)


def checkpoints_of(settings: ReconciliationSettings) -> DynamoCheckpointStore:
    """Where reconciliations are kept between calls: in the table, too."""
    return DynamoCheckpointStore(aws("dynamodb"), settings.table_name)


def reports_bucket_of(settings: ReconciliationSettings) -> Bucket:
    """Where the reconciliation's reports go."""
    return Bucket(boto3.client("s3", config=_FOR_FILES), settings.reports_bucket)


def list_of(gateway: PayAgency) -> PayAgencyList:
    """The gateway's transaction list."""
    return PayAgencyList(gateway, utc_now)
