"""Measuring: what is still open once a run is over. A measurement that fails is a bug to look at, not a failed run."""

from datetime import timedelta

from payments.follow_up.backlog import FollowUpIndex, backlog_of
from payments.ports.runtime import Clock
from payments.runtime.telemetry import PowertoolsTelemetry


def measure_backlog(index: FollowUpIndex, clock: Clock, telemetry: PowertoolsTelemetry) -> None:
    """How many are open, how old, how much money is in doubt, and what the bus has yet to hear."""
    try:
        seen = backlog_of(index.unfinished(), clock())
    except Exception as error:  # noqa: BLE001 - the run has done its work: the next one measures again
        telemetry.unexpected(error)
        return
    telemetry.measure("PaymentsUnresolved", seen.unresolved)
    telemetry.measure("PaymentsInDoubt", seen.in_doubt)
    telemetry.measure("OldestUnresolvedPayment", in_seconds(seen.oldest))
    telemetry.measure("PublishBacklog", seen.unpublished)
    for currency, amount in seen.at_risk.items():
        telemetry.measure("MoneyAtRisk", amount, currency)


def in_seconds(duration: timedelta) -> int:
    """Whole seconds, never below zero: two clocks may disagree by a little."""
    return max(duration // timedelta(seconds=1), 0)
