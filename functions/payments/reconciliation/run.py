"""The daily sweep: both books compared, in both directions, page by page. It may stop anywhere; the next call goes on.

One more witness for the one door: what is news is settled, what contradicts us is confirmed, and nothing is guessed.
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, Literal

from payments.ports.gateway import Gateway
from payments.ports.runtime import Clock, Telemetry
from payments.reconciliation.checkpoint import Checkpoints, Progress, begun
from payments.reconciliation.confirmation import Confirming
from payments.reconciliation.errors import ListStuck, ListUnanswered, OutOfTime, Overtaken
from payments.reconciliation.pagination import Walk
from payments.reconciliation.steps import Reports, Steps, SweepLedger
from payments.reconciliation.transaction_list import Span, TransactionList

HOLD: Final = timedelta(minutes=5)
"""How long a call has a sweep to itself after each checkpoint: longer than most steps take, yet short, for one that
was killed holds it, too. Should two be at it after all, one stops at its next checkpoint, and nothing is lost."""

TOO_OLD: Final = timedelta(days=6)
"""An unfinished sweep older than this begins afresh: the parts of its report are kept for seven days."""

State = Literal["finished", "unfinished", "held", "stuck"]


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
        self,
        span: Span,
        watch: Watch,
        *,
        anew: bool = False,
        daily: bool = False,
        kept: Callable[[Progress], None] = lambda _: None,
    ) -> Swept:
        """Goes on with the sweep of a span, or begins it, until it is done or the time is up.

        `anew` begins a finished one again, and walks one that is stuck. `daily`: it is the schedule's, and tells what
        sweeps have settled since the schedule's last one was done. `kept` is told of each checkpoint. Raises ListStuck.
        """
        holder = secrets.token_hex(8)
        fresh = begun(span, live=self.gateway.live, at=self.clock())
        progress = self.checkpoints.take(fresh, holder, self.clock(), self.clock() + HOLD)
        if progress is None:
            return Swept("held")
        try:
            taken = self._taken(progress, fresh, anew=anew, daily=daily)
            if taken is not progress:
                progress = self._keep(taken, holder)
                kept(progress)
            return self._run(progress, holder, watch, kept)
        except Overtaken:
            return Swept("held")
        finally:
            self.checkpoints.give_back(fresh, holder)

    def _taken(self, progress: Progress, fresh: Progress, *, anew: bool, daily: bool) -> Progress:
        """The sweep to go on with: the one that stands, or a fresh one in its place."""
        if progress.live is not fresh.live:  # a stack that was switched to the other mode has other books
            progress = fresh
        elif progress.phase == "done" and (anew or progress.started_at.date() <= progress.span.last):
            # Asked for, or its last day was not over: more has happened since.
            progress = replace(fresh, daily=progress.daily)
        elif progress.phase != "done" and fresh.started_at - progress.started_at > TOO_OLD:
            progress = replace(fresh, since=progress.since, daily=progress.daily)
        elif anew and progress.phase == "stuck":
            progress = replace(progress.walked_again(), restarts=0)
        return self._daily(progress) if daily and not progress.daily else progress

    def _daily(self, progress: Progress) -> Progress:
        """The sweep as the schedule's: what others have settled since the schedule's last one is its to tell."""
        since = self.checkpoints.told_until()
        if since is None:
            self.checkpoints.note_told(progress.since)
        return replace(progress, daily=True, since=min(since or progress.since, progress.since))

    def _run(self, progress: Progress, holder: str, watch: Watch, kept: Callable[[Progress], None]) -> Swept:
        steps = self._steps(watch, holder)
        try:
            while progress.phase not in ("done", "stuck"):
                watch.check()
                after = steps.next(progress)
                if after.daily and after.finished_at is not None:
                    self.checkpoints.note_told(after.finished_at + timedelta(milliseconds=1))
                progress = self._keep(after, holder)
                kept(progress)
        except (OutOfTime, ListUnanswered) as error:
            self.telemetry.about(None)
            self.telemetry.note("sweep_unfinished", why=type(error).__name__, rows=progress.rows)
            return Swept("unfinished", progress)
        except ListStuck as error:
            self.telemetry.about(None)
            self.telemetry.note("sweep_stuck", why=error.reason, rows=progress.rows)
            # Not walked again every quarter of an hour: only when somebody asks for it.
            self._keep(replace(progress, phase="stuck", doubt=error.reason), holder)
            raise
        return Swept("finished" if progress.phase == "done" else "stuck", progress)

    def _keep(self, progress: Progress, holder: str) -> Progress:
        if not self.checkpoints.save(progress, holder, self.clock() + HOLD):
            raise Overtaken("another call has this sweep")
        return progress

    def _steps(self, watch: Watch, holder: str) -> Steps:
        return Steps(
            walk=Walk(self.listing, self.telemetry, watch.process, self.pause),
            confirming=Confirming(self.gateway, self.telemetry, watch.process),
            ledger=self.ledger,
            reports=self.reports,
            clock=self.clock,
            telemetry=self.telemetry,
            live=self.gateway.live,
            renew=lambda progress: self._keep(progress, holder),
        )
