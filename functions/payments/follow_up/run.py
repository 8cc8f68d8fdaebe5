"""Rounds: one run over what is due. First everybody is told what is known, then the gateway is asked what is not."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Protocol

from payments.follow_up.finish import FollowUps
from payments.model.payment import Payment
from payments.outcome.status_query import MAX_UNANSWERED
from payments.ports.ledger import Due
from payments.ports.runtime import Telemetry

PAGE: Final = 25
"""Due payments read at a time from each shard: memory stays bounded, however many are due."""

ONE_PAYMENT_SECONDS: Final = 15.0
"""No payment is begun with less time than this left: one question, one settlement, one publication."""


class RunTelemetry(Telemetry, Protocol):
    """Telemetry that also reports a bug, so that one broken payment stops no other."""

    def unexpected(self, error: Exception) -> None:
        """Logs the type and the place of an exception that nobody expected."""


@dataclass(slots=True)
class Round:
    """What one run did. `lag`: the longest that a payment it took had been due."""

    finished: int = 0
    taken_by_others: int = 0
    broken: int = 0
    out_of_time: bool = False
    lag: timedelta = field(default=timedelta(), compare=False)
    taken: set[str] = field(default_factory=set, compare=False)
    unanswered_in_a_row: int = field(default=0, compare=False)


def run(follow_ups: FollowUps, seconds_left: Callable[[], float], telemetry: RunTelemetry) -> Round:
    """Finishes what is due, page by page, until nothing is or the time is up. One broken payment stops no other."""
    done = Round()
    while not _out_of_time(done, seconds_left):
        page = list(follow_ups.ledger.due(follow_ups.clock(), PAGE))
        seen = len(done.taken)
        unanswered = [payment for due in page if (payment := _taken(follow_ups, due, done, seconds_left, telemetry))]
        for payment in unanswered:
            _ask(follow_ups, payment, done, seconds_left, telemetry)
        if len(done.taken) == seen:  # nothing is due, or an index that lags behind shows what is done or taken
            break
    return done


def _taken(
    follow_ups: FollowUps, due: Due, done: Round, seconds_left: Callable[[], float], telemetry: RunTelemetry
) -> Payment | None:
    """Takes one and tells the bus; returns it if the gateway is to be asked about it."""
    if due.payment_id in done.taken or _out_of_time(done, seconds_left):
        return None  # once a run: one that stays due, for whatever reason, must not spin
    late = follow_ups.clock() - due.due_at
    done.taken.add(due.payment_id)
    try:
        payment = follow_ups.take(due)
    except Exception as error:  # noqa: BLE001 - its lease keeps it until a later run; the others must not wait for it
        telemetry.unexpected(error)
        done.broken += 1
        return None
    if payment is None:
        done.taken_by_others += 1
        return None
    done.lag = max(done.lag, late)
    if follow_ups.is_to_be_asked(payment):
        return payment
    done.finished += 1
    return None


def _ask(
    follow_ups: FollowUps,
    payment: Payment,
    done: Round,
    seconds_left: Callable[[], float],
    telemetry: RunTelemetry,
) -> None:
    """Asks about one. Who is not asked, for time or gateway are out, is due again when its lease is over."""
    if done.unanswered_in_a_row >= MAX_UNANSWERED or _out_of_time(done, seconds_left):
        return
    try:
        answered = follow_ups.ask(payment).answered
    except Exception as error:  # noqa: BLE001 - as above
        telemetry.unexpected(error)
        done.broken += 1
        return
    done.finished += 1
    done.unanswered_in_a_row = 0 if answered else done.unanswered_in_a_row + 1


def _out_of_time(done: Round, seconds_left: Callable[[], float]) -> bool:
    done.out_of_time = done.out_of_time or seconds_left() <= ONE_PAYMENT_SECONDS
    return done.out_of_time
