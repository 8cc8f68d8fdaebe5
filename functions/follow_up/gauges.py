"""Metrics of a run: its work, and the backlog after it. A failed measurement is logged; it fails no run."""

from datetime import timedelta

from payments.follow_up.backlog import FollowUpIndex, backlog_of
from payments.follow_up.run import RunSummary
from payments.ports.runtime import Clock
from payments.runtime.telemetry import PowertoolsTelemetry


def measure_run(done: RunSummary, telemetry: PowertoolsTelemetry) -> None:
    """The run's counts and its longest delay in seconds. Written last: a run that fails or is killed leaves a gap."""
    telemetry.measure("FollowUpRuns", 1)
    telemetry.measure("FollowUpFinished", done.finished)
    telemetry.measure("FollowUpBroken", done.broken)
    telemetry.measure("FollowUpOutOfTime", int(done.out_of_time))
    telemetry.measure("FollowUpLag", in_seconds(done.lag))


def measure_backlog(index: FollowUpIndex, clock: Clock, telemetry: PowertoolsTelemetry) -> None:
    """The open payments: their count, the oldest one's age, the amount in doubt by currency, the unpublished events."""
    try:
        backlog = backlog_of(index.unfinished(), clock())
    except Exception as error:  # noqa: BLE001 - the run has done its work; the next run measures again
        telemetry.unexpected(error)
        return
    telemetry.measure("PaymentsUnresolved", backlog.unresolved)
    telemetry.measure("PaymentsInDoubt", backlog.in_doubt)
    telemetry.measure("OldestUnresolvedPayment", in_seconds(backlog.oldest))
    telemetry.measure("PublishBacklog", backlog.unpublished)
    for currency, amount in backlog.at_risk.items():
        telemetry.measure("MoneyAtRisk", amount, currency)


def in_seconds(duration: timedelta) -> int:
    """Whole seconds, never below zero: two clocks may differ a little."""
    return max(duration // timedelta(seconds=1), 0)
