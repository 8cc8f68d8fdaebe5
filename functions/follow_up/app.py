"""The door for the clock: every minute, finishes what is due, within the time there is."""

import os
from functools import cache
from typing import Any

from follow_up.gauges import in_seconds, measure_backlog
from payments.follow_up.backlog import FollowUpIndex
from payments.follow_up.finish import FollowUps
from payments.follow_up.run import Round, run
from payments.model.timestamps import utc_now
from payments.runtime import bootstrap
from payments.runtime.settings import FollowUpSettings
from payments.runtime.telemetry import PowertoolsTelemetry, powertools


def measure_round(done: Round, telemetry: PowertoolsTelemetry) -> None:
    """What was done, and how late. Counted at the end, so a run that fails or is killed is a run that is missing."""
    telemetry.measure("FollowUpRuns", 1)
    telemetry.measure("FollowUpFinished", done.finished)
    telemetry.measure("FollowUpBroken", done.broken)
    telemetry.measure("FollowUpOutOfTime", int(done.out_of_time))
    telemetry.measure("FollowUpLag", in_seconds(done.lag))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The schedule's event in, a summary of the run out."""
    telemetry = _telemetry()
    telemetry.begin(context.aws_request_id)
    try:
        follow_ups = _follow_ups()
        done = run(follow_ups, lambda: context.get_remaining_time_in_millis() / 1000, telemetry)
        telemetry.about(None)
        telemetry.logger.info("follow_up_run", extra={"finished": done.finished, "out_of_time": done.out_of_time})
        measure_round(done, telemetry)
        measure_backlog(_index(), follow_ups.clock, telemetry)
        return {"finished": done.finished, "broken": done.broken, "out_of_time": done.out_of_time}
    finally:
        telemetry.flush()


@cache
def _telemetry() -> PowertoolsTelemetry:
    return powertools()


@cache
def _follow_ups() -> FollowUps:
    telemetry = _telemetry()
    settings = FollowUpSettings.from_environment()
    keys = bootstrap.gateway_keys_of(settings, telemetry, bootstrap.aws("secretsmanager"))
    return FollowUps(
        ledger=bootstrap.ledger_of(settings),
        gateway=bootstrap.gateway_of(settings, keys, telemetry),
        bus=bootstrap.bus_of(settings.bus_name, telemetry),
        clock=utc_now,
        telemetry=telemetry,
    )


@cache
def _index() -> FollowUpIndex:
    return bootstrap.follow_up_index_of(FollowUpSettings.from_environment())


if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start":
    _follow_ups()  # what the snapshot should hold: clients and settings, no secret
    _index()
