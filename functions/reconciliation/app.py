"""The reconciliation's function: the schedule calls it every quarter of an hour, and each call continues the daily one.

A person may call it for any days.
"""

from typing import Any

from payments.model.timestamps import utc_now
from payments.reconciliation.report import FileReports
from payments.reconciliation.run import ReconciliationRun
from payments.runtime import bootstrap, bootstrap_reconciliation
from payments.runtime.lambda_entry import built_once, invocation
from payments.runtime.settings import ReconciliationSettings
from payments.runtime.telemetry import PowertoolsTelemetry
from reconciliation.invocation import ReconciliationInvocation


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Takes a request, and returns how far the reconciliation has come."""
    with invocation(context.aws_request_id):
        return _invocation().take(event, lambda: context.get_remaining_time_in_millis() / 1000)


@built_once
def _invocation(telemetry: PowertoolsTelemetry) -> ReconciliationInvocation:
    settings = ReconciliationSettings.from_environment()
    keys = bootstrap.gateway_keys_of(settings, telemetry, bootstrap.aws("secretsmanager"))
    gateway = bootstrap.gateway_of(settings, keys, telemetry)
    bucket = bootstrap_reconciliation.reports_bucket_of(settings)
    reconciliation = ReconciliationRun(
        listing=bootstrap_reconciliation.list_of(gateway, settings),
        gateway=gateway,
        ledger=bootstrap_reconciliation.reconciliation_ledger_of(settings),
        checkpoints=bootstrap_reconciliation.checkpoints_of(settings),
        reports=FileReports(bucket),
        clock=utc_now,
        telemetry=telemetry,
    )
    return ReconciliationInvocation(
        reconciliation,
        telemetry,
        bucket.address,
        settings.reconciliation_days,
        first_day=settings.reconciliation_first_day,
        daily_days=settings.reconciliation_daily_days,
    )
