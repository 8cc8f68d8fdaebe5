"""One run over the due payments. On each page all events are published first; only then is the gateway queried."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from payments.follow_up.bus_budget import BudgetedBus
from payments.follow_up.finish import PaymentFinisher
from payments.model.payment import Payment
from payments.outcome.status_query import MAX_UNANSWERED
from payments.ports.ledger import Due
from payments.ports.runtime import Telemetry

PAGE: Final = 25
"""Due payments read at a time from each shard: memory stays bounded, however many are due."""

ONE_PAYMENT_SECONDS: Final = 20.0
"""No payment is begun with less time left than this: it may take a slow query, write and publication."""


class RunTelemetry(Telemetry, Protocol):
    """Telemetry that also reports a bug, so that one broken payment does not stop the run."""

    def unexpected(self, error: Exception) -> None:
        """Logs the type and the place of an unexpected exception."""


@dataclass(slots=True)
class RunSummary:
    """Counts of payments in one run. `lag`: the longest time that a leased payment had been due.

    `seen`: ids of the payments that this run has tried to lease. `unanswered`: queries in a row without an answer.
    """

    finished: int = 0
    leased_by_others: int = 0
    broken: int = 0
    out_of_time: bool = False
    lag: timedelta = field(default=timedelta(), compare=False)
    seen: set[str] = field(default_factory=set, compare=False)
    unanswered: int = field(default=0, compare=False)


def run(finisher: PaymentFinisher, seconds_left: Callable[[], float], telemetry: RunTelemetry) -> RunSummary:
    """Finishes due payments page by page, until none is due or the time is up. A broken payment stops no other."""
    summary = RunSummary()
    finisher = replace(finisher, bus=BudgetedBus(finisher.bus, finisher.clock))
    while not _out_of_time(summary, seconds_left):
        page = list(finisher.ledger.due(finisher.clock(), PAGE))
        seen_before = len(summary.seen)
        to_query = [payment for due in page if (payment := _lease(finisher, due, summary, seconds_left, telemetry))]
        for payment in sorted(to_query, key=_waiting_since):
            _query(finisher, payment, summary, seconds_left, telemetry)
        if len(summary.seen) == seen_before:  # nothing is due; or the index lags and shows only payments seen before
            break
    return summary


def _waiting_since(payment: Payment) -> datetime:
    """Those that wait longest are queried first: a few that get no answer every minute cannot starve the others."""
    return payment.follow_up.ask_at or payment.created_at


def _lease(
    finisher: PaymentFinisher,
    due: Due,
    summary: RunSummary,
    seconds_left: Callable[[], float],
    telemetry: RunTelemetry,
) -> Payment | None:
    """Leases a payment and publishes its events. Returns the payment if the gateway is to be queried about it."""
    if due.payment_id in summary.seen or _out_of_time(summary, seconds_left):
        return None  # once a run: a payment that stays due for any reason must not keep the run busy
    lag = finisher.clock() - due.due_at
    summary.seen.add(due.payment_id)
    try:
        payment = finisher.lease(due)
    except Exception as error:  # noqa: BLE001 - a later run has it after its lease; the other payments must not wait
        telemetry.unexpected(error)
        summary.broken += 1
        return None
    if payment is None:
        summary.leased_by_others += 1
        return None
    summary.lag = max(summary.lag, lag)
    if finisher.is_query_due(payment):
        return payment
    summary.finished += 1
    return None


def _query(
    finisher: PaymentFinisher,
    payment: Payment,
    summary: RunSummary,
    seconds_left: Callable[[], float],
    telemetry: RunTelemetry,
) -> None:
    """Queries the gateway about a leased payment. Without time or gateway it skips the payment, due after its lease."""
    if summary.unanswered >= MAX_UNANSWERED or _out_of_time(summary, seconds_left):
        return
    try:
        answered = finisher.query(payment).answered
    except Exception as error:  # noqa: BLE001 - as above
        telemetry.unexpected(error)
        summary.broken += 1
        return
    summary.finished += 1
    summary.unanswered = 0 if answered else summary.unanswered + 1


def _out_of_time(summary: RunSummary, seconds_left: Callable[[], float]) -> bool:
    summary.out_of_time = summary.out_of_time or seconds_left() <= ONE_PAYMENT_SECONDS
    return summary.out_of_time
