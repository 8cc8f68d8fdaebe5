"""The daily reconciliation: both books compared, in both directions, page by page. It may stop anywhere; the next call goes on.

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
from payments.reconciliation.checkpoint import Checkpoint, CheckpointStore, begun
from payments.reconciliation.confirmation import Confirmation
from payments.reconciliation.errors import LeaseLost, ListStuck, ListUnanswered, OutOfTime
from payments.reconciliation.pagination import Paginator
from payments.reconciliation.steps import ReconciliationLedger, Reports, Steps
from payments.reconciliation.transaction_list import Span, TransactionList

LEASE: Final = timedelta(minutes=5)
"""How long a call has a reconciliation to itself after each checkpoint: longer than most steps take, yet short, for one that
was killed holds it, too. Should two be at it after all, one stops at its next checkpoint, and nothing is lost."""

TOO_OLD: Final = timedelta(days=6)
"""An unfinished reconciliation older than this begins afresh: the parts of its report are kept for seven days."""

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
class RunResult:
    """What one call came to; `progress` is as it stands, None when another call has the reconciliation."""

    state: State
    checkpoint: Checkpoint | None = None


@dataclass(frozen=True, slots=True)
class ReconciliationRun:
    """The use case with what it needs."""

    listing: TransactionList
    gateway: Gateway
    ledger: ReconciliationLedger
    checkpoints: CheckpointStore
    reports: Reports
    clock: Clock
    telemetry: Telemetry
    pause: Callable[[float], None] = time.sleep

    def run(
        self,
        span: Span,
        watch: Watch,
        *,
        anew: bool = False,
        daily: bool = False,
        kept: Callable[[Checkpoint], None] = lambda _: None,
    ) -> RunResult:
        """Goes on with the reconciliation of a span, or begins it, until it is done or the time is up.

        `anew` begins a finished one again, and walks one that is stuck. `daily`: it is the schedule's, and tells what
        reconciliations have settled since the schedule's last one was done. `kept` is told of each checkpoint. Raises ListStuck.
        """
        holder = secrets.token_hex(8)
        fresh = begun(span, live=self.gateway.live, at=self.clock())
        checkpoint = self.checkpoints.take(fresh, holder, self.clock(), self.clock() + LEASE)
        if checkpoint is None:
            return RunResult("held")
        try:
            taken = self._taken(checkpoint, fresh, anew=anew, daily=daily)
            if taken is not checkpoint:
                checkpoint = self._keep(taken, holder)
                kept(checkpoint)
            return self._run(checkpoint, holder, watch, kept)
        except LeaseLost:
            return RunResult("held")
        finally:
            self.checkpoints.give_back(fresh, holder)

    def _taken(self, checkpoint: Checkpoint, fresh: Checkpoint, *, anew: bool, daily: bool) -> Checkpoint:
        """The reconciliation to go on with: the one that stands, or a fresh one in its place."""
        if checkpoint.live is not fresh.live:  # a stack that was switched to the other mode has other books
            checkpoint = fresh
        elif checkpoint.phase == "done" and (anew or checkpoint.started_at.date() <= checkpoint.span.last):
            # Asked for, or its last day was not over: more has happened since.
            checkpoint = replace(fresh, daily=checkpoint.daily)
        elif checkpoint.phase != "done" and fresh.started_at - checkpoint.started_at > TOO_OLD:
            checkpoint = replace(fresh, since=checkpoint.since, daily=checkpoint.daily)
        elif anew and checkpoint.phase == "stuck":
            checkpoint = replace(checkpoint.walked_again(), restarts=0)
        return self._daily(checkpoint) if daily and not checkpoint.daily else checkpoint

    def _daily(self, checkpoint: Checkpoint) -> Checkpoint:
        """The reconciliation as the schedule's: what others have settled since the schedule's last one is its to tell."""
        since = self.checkpoints.told_until()
        if since is None:
            self.checkpoints.note_told(checkpoint.since)
        return replace(checkpoint, daily=True, since=min(since or checkpoint.since, checkpoint.since))

    def _run(self, checkpoint: Checkpoint, holder: str, watch: Watch, kept: Callable[[Checkpoint], None]) -> RunResult:
        steps = self._steps(watch, holder)
        try:
            while checkpoint.phase not in ("done", "stuck"):
                watch.check()
                after = steps.next(checkpoint)
                if after.daily and after.finished_at is not None:
                    self.checkpoints.note_told(after.finished_at + timedelta(milliseconds=1))
                checkpoint = self._keep(after, holder)
                kept(checkpoint)
        except (OutOfTime, ListUnanswered) as error:
            self.telemetry.about(None)
            self.telemetry.note("reconciliation_unfinished", why=type(error).__name__, rows=checkpoint.rows)
            return RunResult("unfinished", checkpoint)
        except ListStuck as error:
            self.telemetry.about(None)
            self.telemetry.note("reconciliation_stuck", why=error.reason, rows=checkpoint.rows)
            # Not walked again every quarter of an hour: only when somebody asks for it.
            self._keep(replace(checkpoint, phase="stuck", doubt=error.reason), holder)
            raise
        return RunResult("finished" if checkpoint.phase == "done" else "stuck", checkpoint)

    def _keep(self, checkpoint: Checkpoint, holder: str) -> Checkpoint:
        if not self.checkpoints.save(checkpoint, holder, self.clock() + LEASE):
            raise LeaseLost("another call has this reconciliation")
        return checkpoint

    def _steps(self, watch: Watch, holder: str) -> Steps:
        return Steps(
            walk=Paginator(self.listing, self.telemetry, watch.process, self.pause),
            confirmation=Confirmation(self.gateway, self.telemetry, watch.process),
            ledger=self.ledger,
            reports=self.reports,
            clock=self.clock,
            telemetry=self.telemetry,
            live=self.gateway.live,
            renew=lambda checkpoint: self._keep(checkpoint, holder),
        )
