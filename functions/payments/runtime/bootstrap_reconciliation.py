"""Builds the adapters that only the reconciliation needs. Separate, so that a charge does not import them."""

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
"""A report with many discrepancies takes long to upload, and the reconciliation has time for it."""


def reconciliation_ledger_of(settings: ReconciliationSettings) -> DynamoReconciliationLedger:
    """The payments table, with the queries of the reconciliation."""
    return DynamoReconciliationLedger(aws("dynamodb"), settings.table_name)


def checkpoints_of(settings: ReconciliationSettings) -> DynamoCheckpointStore:
    """The checkpoints between two calls of a reconciliation, in the same table."""
    return DynamoCheckpointStore(aws("dynamodb"), settings.table_name)


def reports_bucket_of(settings: ReconciliationSettings) -> Bucket:
    """The bucket of the reconciliation's reports."""
    return Bucket(boto3.client("s3", config=_FOR_FILES), settings.reports_bucket)


def list_of(gateway: PayAgency, settings: ReconciliationSettings) -> PayAgencyList:
    """The gateway's transaction list."""
    return PayAgencyList(gateway, utc_now, settings.reconciliation_other_channels)
