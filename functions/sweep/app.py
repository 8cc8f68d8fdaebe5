"""The door for the books: every quarter of an hour goes on with the day's sweep, until it is done; or any, by hand."""

import os
from functools import cache
from typing import Any

from payments.runtime import building, sweep_building
from payments.runtime.settings import SweepSettings
from payments.runtime.telemetry import PowertoolsTelemetry, powertools
from payments.sweeping import Sweeping
from payments.times import utc_now
from sweep.calls import Desk
from sweep.report import FileReports


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """A request in, how far the sweep has come out."""
    telemetry = _telemetry()
    telemetry.begin(context.aws_request_id)
    try:
        return _desk().take(event, lambda: context.get_remaining_time_in_millis() / 1000)
    finally:
        telemetry.flush()


@cache
def _telemetry() -> PowertoolsTelemetry:
    return powertools()


@cache
def _desk() -> Desk:
    telemetry = _telemetry()
    settings = SweepSettings.from_environment()
    keys = building.gateway_keys_of(settings, telemetry, building.aws("secretsmanager"))
    gateway = building.gateway_of(settings, keys, telemetry)
    bucket = sweep_building.reports_bucket_of(settings)
    sweeping = Sweeping(
        listing=sweep_building.list_of(gateway),
        gateway=gateway,
        ledger=sweep_building.sweep_ledger_of(settings),
        checkpoints=sweep_building.checkpoints_of(settings),
        reports=FileReports(bucket),
        clock=utc_now,
        telemetry=telemetry,
    )
    return Desk(sweeping, telemetry, bucket.address, settings.sweep_days, first_day=settings.sweep_first_day)


if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start":
    _desk()  # what the snapshot should hold: clients and settings, no secret
