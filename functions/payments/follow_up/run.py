"""One run over the due payments of its shards: it publishes, and asks the gateway, each in a lane of its own."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Final, Protocol

from payments.follow_up.bus_budget import BudgetedBus
from payments.follow_up.due_payments import PAGE, Share, due_payments
from payments.follow_up.finish import PaymentFinisher
from payments.follow_up.lanes import MAX_WAITING, ROOM, InTurn, Lane, Lanes
from payments.follow_up.questions import Questions
from payments.model.payment import Payment
from payments.ports.ledger import Due
from payments.ports.runtime import Telemetry

ONE_PAYMENT_SECONDS: Final = 20.0
"""No payment is begun with less time left than this: it may take a slow query, write and publication."""

PUBLICATION_SECONDS: Final = 11.0
"""No outcome is published with less time left than this. It stays due, and the next run publishes it."""


class RunTelemetry(Telemetry, Protocol):
    """Telemetry that also reports a bug, so that one broken payment does not stop the run."""

    def unexpected(self, error: Exception) -> None:
        """Logs the type and the place of an unexpected exception."""


@dataclass(slots=True)
class RunSummary:
    """Counts of payments in one run. `lag`: the longest time that a leased payment had been due.

    `seen`: ids of the payments that this run has taken.
    """

    finished: int = 0
    leased_by_others: int = 0
    broken: int = 0
    out_of_time: bool = False
    lag: timedelta = field(default=timedelta(), compare=False)
    seen: set[str] = field(default_factory=set, compare=False)


def run(
    finisher: PaymentFinisher,
    seconds_left: Callable[[], float],
    telemetry: RunTelemetry,
    share: Share | None = None,
    lanes: Lanes | None = None,
) -> RunSummary:
    """Finishes the due payments of its share, until few are due or the time is up. A broken payment stops no other.

    By default it takes all shards, one payment after the other.
    """
    lanes = lanes or InTurn()
    bus = BudgetedBus(finisher.bus, finisher.clock, lanes.publishers)
    shards = (share or Share()).of(finisher.ledger.shards)
    this = _Run(replace(finisher, bus=bus), seconds_left, telemetry, lanes, Questions(lanes.askers))
    with lanes:
        passes_over = True
        while not this.is_out_of_time() and this.takes(shards, passes_over=passes_over):
            passes_over = False
        lanes.wait(lambda: lanes.is_idle)
    return this.summary


@dataclass(frozen=True, slots=True)
class _Run:
    """A run under way. Its tasks may run in any thread; one payment is never in two of them at once."""

    finisher: PaymentFinisher
    seconds_left: Callable[[], float]
    telemetry: RunTelemetry
    lanes: Lanes
    questions: Questions
    summary: RunSummary = field(default_factory=RunSummary)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def is_out_of_time(self) -> bool:
        if not self.summary.out_of_time and self.seconds_left() <= ONE_PAYMENT_SECONDS:
            self.summary.out_of_time = True
        return self.summary.out_of_time

    def takes(self, shards: list[int], *, passes_over: bool) -> bool:
        """Takes what is due now. Whether another pass is worth it: this one left payments, or took a page of them.

        A payment of a lane that is full is left for the next pass, so that the other lane need not wait for it. Only
        the first pass, which finds all events, passes over questions: the others wait for room, and keep their order.
        """
        taken, left = 0, False
        for due in due_payments(self.finisher.ledger, shards, self.finisher.clock()):
            if self.summary.out_of_time:
                return False
            lane = Lane.PUBLISHING if due.has_events else Lane.ASKING
            if due.payment_id in self.summary.seen or (lane is Lane.ASKING and not self.questions.is_open):
                continue  # once a run: a payment that stays due for any reason must not keep the run busy
            if lane is Lane.ASKING and not passes_over:
                self.lanes.wait(lambda: self._has_room(Lane.ASKING) or not self.questions.is_open)
            self.lanes.wait(lambda: any(map(self._has_room, Lane)))
            if not self._has_room(lane):
                left = True
                continue
            self.summary.seen.add(due.payment_id)
            taken += 1
            self.lanes.submit(lane, partial(self._publish if due.has_events else self._lease_and_ask, due))
        # When all of these have begun, the index no longer shows them.
        self.lanes.wait(lambda: not any(map(self.lanes.waiting, Lane)))
        return left or taken >= PAGE

    def _has_room(self, lane: Lane) -> bool:
        return self.lanes.waiting(lane) < ROOM

    def _publish(self, due: Due) -> None:
        """Leases a payment and publishes its events. Then it waits in the other lane, if the gateway is to be asked."""
        if self.is_out_of_time():
            return
        payment = self._leased(due)
        if payment is not None and self.questions.is_open and self.lanes.waiting(Lane.ASKING) < MAX_WAITING:
            self.lanes.submit(Lane.ASKING, partial(self._ask, payment))

    def _lease_and_ask(self, due: Due) -> None:
        """Leases a payment only when its question may be asked: without time or gateway it simply stays due."""
        if not self.questions.begin():
            return
        with self._question() as ended:
            payment = None if self.is_out_of_time() else self._leased(due)
            if payment is not None and not self.is_out_of_time():  # the lease may have taken long
                ended(self._asked(payment))

    def _ask(self, payment: Payment) -> None:
        """Asks about a leased payment. Without time or gateway it is due again after its lease."""
        if not self.questions.begin():
            return
        with self._question() as ended:
            if not self.is_out_of_time():
                ended(self._asked(payment))

    @contextmanager
    def _question(self) -> Iterator[Callable[[bool | None], None]]:
        """A question under way, which ends in any case. Yields the function that takes whether it was answered."""
        outcome: list[bool | None] = []
        try:
            yield outcome.append
        finally:
            self.questions.end(answered=outcome[0] if outcome else None)

    def _leased(self, due: Due) -> Payment | None:
        """A payment with the lease and its events published; None if the gateway is not to be asked about it."""
        lag = self.finisher.clock() - due.due_at
        try:
            payment = self.finisher.lease(due)
        except Exception as error:  # noqa: BLE001 - a later run has it after its lease; the other payments must not wait
            self._break(error)
            return None
        with self.lock:
            if payment is None:
                self.summary.leased_by_others += 1
                return None
            self.summary.lag = max(self.summary.lag, lag)
            is_due = self.finisher.is_query_due(payment)
            self.summary.finished += not is_due
        return payment if is_due else None

    def _asked(self, payment: Payment) -> bool | None:
        """Whether the gateway answered; None if it was not asked. News about the payment goes to the other lane."""
        try:
            result = self.finisher.ask(payment)
        except Exception as error:  # noqa: BLE001 - as above
            self._break(error)
            return None
        with self.lock:
            self.summary.finished += 1
        if not result.has_keys:
            self.questions.close()
        if result.payment is not None and result.payment.has_unpublished:
            self.lanes.submit(Lane.PUBLISHING, partial(self._publish_news, result.payment))
        return result.answered if result.was_asked else None

    def _publish_news(self, payment: Payment) -> None:
        if self.seconds_left() < PUBLICATION_SECONDS:
            return
        try:
            self.finisher.publish(payment)
        except Exception as error:  # noqa: BLE001 - as above
            self._break(error)

    def _break(self, error: Exception) -> None:
        self.telemetry.unexpected(error)
        with self.lock:
            self.summary.broken += 1
