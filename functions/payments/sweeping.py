"""The daily sweep: both books compared, in both directions, page by page. It may stop anywhere; the next call goes on.

One more witness for the one door: what is news is settled, what contradicts us is confirmed, and nothing is guessed.
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, Literal

from payments.confirming import Confirming
from payments.errors import ListStuck, ListUnanswered, OutOfTime, Overtaken
from payments.listing import Span, TransactionList
from payments.ports import Clock, Gateway, Telemetry
from payments.progress import Checkpoints, Progress, begun
from payments.steps import Reports, Steps, SweepLedger
from payments.walking import Walk

HOLD: Final = timedelta(minutes=5)
"""How long a call has a sweep to itself after each checkpoint: longer than most steps take, yet short, for one that
was killed holds it, too. Should two be at it after all, one stops at its next checkpoint, and nothing is lost."""

State = Literal["finished", "unfinished", "held"]


@dataclass(frozen=True, slots=True)
class Watch:
    """Seconds until this call is to begin nothing more, and until the process ends."""

    call: Callable[[], float]
    process: Callable[[], float]

    def check(self) -> None:
        """Raises OutOfTime when this call is to begin nothing more."""
        if self.call() <= 0:
            raise OutOfTime("the time of this call is up")


@dataclass(frozen=True, slots=True)
class Swept:
    """What one call came to; `progress` is as it stands, None when another call has the sweep."""

    state: State
    progress: Progress | None = None


@dataclass(frozen=True, slots=True)
class Sweeping:
    """The use case with what it needs."""

    listing: TransactionList
    gateway: Gateway
    ledger: SweepLedger
    checkpoints: Checkpoints
    reports: Reports
    clock: Clock
    telemetry: Telemetry
    pause: Callable[[float], None] = time.sleep

    def sweep(
        self, span: Span, watch: Watch, *, anew: bool = False, kept: Callable[[Progress], None] = lambda _: None
    ) -> Swept:
        """Goes on with the sweep of a span, or begins it, until it is done or the time is up.

        `anew` begins a finished one again. `kept` is told of each checkpoint. Raises ListStuck.
        """
        holder = secrets.token_hex(8)
        fresh = begun(span, live=self.gateway.live, at=self.clock())
        progress = self.checkpoints.take(fresh, holder, self.clock(), self.clock() + HOLD)
        if progress is None:
            return Swept("held")
        try:
            # A stack that was switched to the other mode since has other books.
            if (anew and progress.phase == "done") or progress.live is not fresh.live:
                progress = self._keep(fresh, holder)
            return self._run(progress, holder, watch, kept)
        except Overtaken:
            return Swept("held")
        finally:
            self.checkpoints.give_back(fresh, holder)

    def _run(self, progress: Progress, holder: str, watch: Watch, kept: Callable[[Progress], None]) -> Swept:
        steps = self._steps(watch)
        try:
            while progress.phase != "done":
                watch.check()
                progress = self._keep(steps.next(progress), holder)
                kept(progress)
        except (OutOfTime, ListUnanswered) as error:
            self.telemetry.about(None)
            self.telemetry.note("sweep_unfinished", why=type(error).__name__, rows=progress.rows)
            return Swept("unfinished", progress)
        except ListStuck as error:
            self.telemetry.about(None)
            self.telemetry.note("sweep_stuck", why=error.reason, rows=progress.rows)
            self._keep(replace(progress.walked_again(), restarts=0), holder)
            raise
        return Swept("finished", progress)

    def _keep(self, progress: Progress, holder: str) -> Progress:
        if not self.checkpoints.save(progress, holder, self.clock() + HOLD):
            raise Overtaken("another call has this sweep")
        return progress

    def _steps(self, watch: Watch) -> Steps:
        return Steps(
            walk=Walk(self.listing, self.telemetry, watch.process, self.pause),
            confirming=Confirming(self.gateway, self.telemetry, watch.process),
            ledger=self.ledger,
            reports=self.reports,
            clock=self.clock,
            telemetry=self.telemetry,
            live=self.gateway.live,
        )
