"""The daily reconciliation compares our payments with the gateway's list, page by page and in both directions.

It may be cut off anywhere; the next call continues. Every change and every contradiction in the list is confirmed with
the status API before it is recorded or reviewed. Nothing is guessed.
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Final, Literal

from payments.ports.gateway import Gateway
from payments.ports.runtime import Clock, Telemetry
from payments.reconciliation.checkpoint import Checkpoint, CheckpointStore, new_checkpoint, new_daily_checkpoint
from payments.reconciliation.choice import choice, daily_choice
from payments.reconciliation.confirmation import Confirmation
from payments.reconciliation.errors import LeaseLost, ListStuck, ListUnanswered, OutOfTime
from payments.reconciliation.pagination import Paginator
from payments.reconciliation.plan import DailyPlan
from payments.reconciliation.steps import ReconciliationLedger, Reports, Steps
from payments.reconciliation.transaction_list import Span, TransactionList

LEASE: Final = timedelta(minutes=5)
"""How long a call holds a reconciliation after each checkpoint. It is longer than most steps take, yet short: the lease
of a killed call must expire before another call can continue. If two calls work on one reconciliation after all, one
stops at its next checkpoint, and nothing is lost."""

State = Literal["finished", "unfinished", "held", "stuck"]
OnCheckpoint = Callable[[Checkpoint], None]
Choice = Callable[[Checkpoint], Checkpoint]


@dataclass(frozen=True, slots=True)
class Deadlines:
    """`call`: seconds until this call must begin no other step. `process`: seconds until the process ends."""

    call: Callable[[], float]
    process: Callable[[], float]

    def check(self) -> None:
        """Raises OutOfTime when this call must begin no other step."""
        if self.call() <= 0:
            raise OutOfTime("the time of this call is up")


@dataclass(frozen=True, slots=True)
class RunResult:
    """The result of one call. `checkpoint`: the reconciliation as it stands; None while another call holds it."""

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
        deadlines: Deadlines,
        *,
        anew: bool = False,
        on_checkpoint: OnCheckpoint = lambda _: None,
    ) -> RunResult:
        """Continues the reconciliation of a span, or begins it, until it is done or the time is up.

        `anew`: begins a finished one again, and restarts one that is stuck. `on_checkpoint` is called with each saved
        checkpoint. Raises ListStuck.
        """
        fresh = new_checkpoint(span, live=self.gateway.live, at=self.clock())
        return self._take(fresh, partial(choice, fresh=fresh, anew=anew), deadlines, on_checkpoint)

    def run_daily(
        self,
        plan: DailyPlan,
        deadlines: Deadlines,
        *,
        anew: bool = False,
        on_checkpoint: OnCheckpoint = lambda _: None,
    ) -> RunResult:
        """Continues the daily reconciliation with the plan that it began with, on whatever day that was.

        When it is over, the day's own begins, once. Its report includes all changes that reconciliations have made
        since the last daily report. See `run`.
        """
        fresh = new_daily_checkpoint(plan.spans(), live=self.gateway.live, at=self.clock())
        reported = self.checkpoints.reported_until()
        if reported is None:
            self.checkpoints.note_reported(fresh.since)
        fresh = replace(fresh, since=min(reported or fresh.since, fresh.since))
        choose = partial(daily_choice, fresh=fresh, plan=plan, anew=anew)
        return self._take(fresh, choose, deadlines, on_checkpoint)

    def _take(self, fresh: Checkpoint, choose: Choice, deadlines: Deadlines, on_checkpoint: OnCheckpoint) -> RunResult:
        holder = secrets.token_hex(8)
        checkpoint = self.checkpoints.take(fresh, holder, self.clock(), self.clock() + LEASE)
        if checkpoint is None:
            return RunResult("held")
        try:
            chosen = choose(checkpoint)
            if chosen is not checkpoint:
                checkpoint = self._save(chosen, holder)
                on_checkpoint(checkpoint)
            return self._run(checkpoint, holder, deadlines, on_checkpoint)
        except LeaseLost:
            return RunResult("held")
        finally:
            self.checkpoints.give_back(fresh, holder)

    def _run(self, checkpoint: Checkpoint, holder: str, deadlines: Deadlines, on_checkpoint: OnCheckpoint) -> RunResult:
        steps = self._steps(deadlines, holder)
        try:
            while checkpoint.phase not in ("done", "stuck"):
                deadlines.check()
                after = steps.next(checkpoint)
                if after.daily and after.phase == "done" and after.finished_at is not None:
                    self.checkpoints.note_reported(after.finished_at + timedelta(milliseconds=1))
                checkpoint = self._save(after, holder)
                on_checkpoint(checkpoint)
        except (OutOfTime, ListUnanswered) as error:
            self.telemetry.about(None)
            self.telemetry.note("reconciliation_unfinished", why=type(error).__name__, rows=checkpoint.rows)
            return RunResult("unfinished", checkpoint)
        except ListStuck as error:
            self.telemetry.about(None)
            self.telemetry.note("reconciliation_stuck", why=error.reason, rows=checkpoint.rows)
            # Saved as stuck: it is tried again only when somebody asks for it, not every quarter of an hour.
            self._save(replace(checkpoint, phase="stuck", incomplete_because=error.reason), holder)
            raise
        return RunResult("finished" if checkpoint.phase == "done" else "stuck", checkpoint)

    def _save(self, checkpoint: Checkpoint, holder: str) -> Checkpoint:
        if not self.checkpoints.save(checkpoint, holder, self.clock() + LEASE):
            raise LeaseLost("another call has this reconciliation")
        return checkpoint

    def _steps(self, deadlines: Deadlines, holder: str) -> Steps:
        return Steps(
            paginator=Paginator(self.listing, self.telemetry, deadlines.process, self.pause),
            confirmation=Confirmation(self.gateway, self.telemetry, deadlines.process),
            ledger=self.ledger,
            reports=self.reports,
            clock=self.clock,
            telemetry=self.telemetry,
            live=self.gateway.live,
            renew=lambda checkpoint: self._save(checkpoint, holder),
        )
