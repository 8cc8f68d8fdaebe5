"""The door for the clock: every minute, finishes what is due, within the time there is."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any, Final

from payments.following_up import FollowUps
from payments.outlook import FollowUpIndex
from payments.runtime import building
from payments.runtime.settings import ReconcileSettings
from payments.runtime.telemetry import PowertoolsTelemetry, powertools
from payments.times import utc_now
from reconcile.measuring import in_seconds, measure_outlook

PAGE: Final = 25
"""Due payments read at a time from each shard: memory stays bounded, however many are due."""

ONE_PAYMENT_SECONDS: Final = 15.0
"""No payment is begun with less time than this left: one question, one settlement, one publication."""


@dataclass(frozen=True, slots=True)
class Round:
    """What one run did. `lag`: the longest that a payment it finished had been due."""

    finished: int
    taken_by_others: int
    broken: int
    out_of_time: bool
    lag: timedelta = field(default=timedelta(), compare=False)


def run(follow_ups: FollowUps, seconds_left: Callable[[], float], telemetry: PowertoolsTelemetry) -> Round:
    """Finishes what is due, page by page, until nothing is or the time is up. One broken payment stops no other."""
    finished = taken = broken = 0
    lag = timedelta()
    while seconds_left() > ONE_PAYMENT_SECONDS:
        page = list(follow_ups.ledger.due(follow_ups.clock(), PAGE))
        seen = finished
        for due in page:
            if seconds_left() <= ONE_PAYMENT_SECONDS:
                return Round(finished, taken, broken, out_of_time=True, lag=lag)
            late = follow_ups.clock() - due.due_at
            try:
                done = follow_ups.finish(due)
            except Exception as error:  # noqa: BLE001 - its lease keeps it until a later run; the others must not wait for it
                telemetry.unexpected(error)
                broken += 1
                continue
            finished, taken = finished + (done is not None), taken + (done is None)
            lag = lag if done is None else max(lag, late)
        if finished == seen:  # nothing is due, or an index that lags behind shows what is done or taken
            return Round(finished, taken, broken, out_of_time=False, lag=lag)
    return Round(finished, taken, broken, out_of_time=True, lag=lag)


def measure_round(done: Round, telemetry: PowertoolsTelemetry) -> None:
    """What was done, and how late. Counted at the end, so a run that fails or is killed is a run that is missing."""
    telemetry.measure("ReconcileRuns", 1)
    telemetry.measure("ReconcileFinished", done.finished)
    telemetry.measure("ReconcileBroken", done.broken)
    telemetry.measure("ReconcileOutOfTime", int(done.out_of_time))
    telemetry.measure("ReconcileLag", in_seconds(done.lag))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The schedule's event in, a summary of the run out."""
    telemetry = _telemetry()
    telemetry.begin(context.aws_request_id)
    try:
        follow_ups = _follow_ups()
        done = run(follow_ups, lambda: context.get_remaining_time_in_millis() / 1000, telemetry)
        telemetry.about(None)
        telemetry.logger.info("reconciled", extra={"finished": done.finished, "out_of_time": done.out_of_time})
        measure_round(done, telemetry)
        measure_outlook(_index(), follow_ups.clock, telemetry)
        return {"finished": done.finished, "broken": done.broken, "out_of_time": done.out_of_time}
    finally:
        telemetry.flush()


@cache
def _telemetry() -> PowertoolsTelemetry:
    return powertools()


@cache
def _follow_ups() -> FollowUps:
    telemetry = _telemetry()
    settings = ReconcileSettings.from_environment()
    keys = building.gateway_keys_of(settings, telemetry, building.aws("secretsmanager"))
    return FollowUps(
        ledger=building.ledger_of(settings),
        gateway=building.gateway_of(settings, keys, telemetry),
        bus=building.bus_of(settings.bus_name, telemetry),
        clock=utc_now,
        telemetry=telemetry,
    )


@cache
def _index() -> FollowUpIndex:
    return building.follow_up_index_of(ReconcileSettings.from_environment())


if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start":
    _follow_ups()  # what the snapshot should hold: clients and settings, no secret
    _index()
