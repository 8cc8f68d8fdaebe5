"""One call of the reconciliation: its request, its time limit, its progress in the log, and its result."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from payments.errors import PaymentsError
from payments.reconciliation.checkpoint import Checkpoint
from payments.reconciliation.errors import ListStuck
from payments.reconciliation.plan import DailyPlan
from payments.reconciliation.run import Deadlines, ReconciliationRun, RunResult
from payments.runtime.telemetry import PowertoolsTelemetry
from reconciliation.request import ReconciliationRequest, RequestRefused, parse

RESERVED_SECONDS: Final = 60.0
"""Seconds before the function's timeout in which no step is begun: a page in three tries, or a long report."""

PROGRESS_SECONDS: Final = 10.0
"""Seconds between two progress lines in the log."""


class ReconciliationFailed(PaymentsError):
    """A bug, or a failure of AWS; the log has the details. The next call continues."""


@dataclass(frozen=True, slots=True)
class ReconciliationInvocation:
    """`address`: a file's key → the address where a person finds the file.

    `days`: how many days back the daily reconciliations look, but never before `first_day`. `daily_days`: how many of
    them each one compares.
    """

    reconciliation: ReconciliationRun
    telemetry: PowertoolsTelemetry
    address: Callable[[str], str]
    days: int
    monotonic: Callable[[], float] = time.monotonic
    first_day: date | None = None
    daily_days: int = 7

    def take(self, event: object, seconds_left: Callable[[], float]) -> dict[str, Any]:
        """One call. For an invalid payload the result has an `error`. Raises ListStuck, ReconciliationFailed.

        After the payload's `seconds` no step is begun; the step under way is finished.
        """
        try:
            request = parse(event, self.reconciliation.clock().date(), self.days, self.first_day)
        except RequestRefused as refused:
            return {"error": str(refused)}
        try:
            result = self._run(request, seconds_left)
        except ListStuck:
            raise
        except Exception as error:  # noqa: BLE001 - its text may quote anything, so only the log has its type and place
            self.telemetry.unexpected(error)
            raise ReconciliationFailed(f"the reconciliation {request.span} failed ({type(error).__name__})") from None
        return _response(request, result, self.address)

    def _run(self, request: ReconciliationRequest, seconds_left: Callable[[], float]) -> RunResult:
        began = self.monotonic()

        def call() -> float:
            available = seconds_left() - RESERVED_SECONDS
            if request.seconds is None:
                return available
            return min(available, request.seconds - (self.monotonic() - began))

        progress = _Progress(self.telemetry, self.monotonic, began)
        steps: list[str] = []

        def on_checkpoint(checkpoint: Checkpoint) -> None:
            steps.append(checkpoint.phase)
            progress.log(checkpoint)

        deadlines = Deadlines(call, seconds_left)
        if request.daily:
            plan = DailyPlan(request.span, self.daily_days)
            result = self.reconciliation.run_daily(plan, deadlines, anew=request.anew, on_checkpoint=on_checkpoint)
        else:
            result = self.reconciliation.run(request.span, deadlines, anew=request.anew, on_checkpoint=on_checkpoint)
        self.telemetry.about(None)
        if result.checkpoint is not None and steps:
            log_progress(self.telemetry, result.checkpoint)
        if result.state == "finished" and steps and result.checkpoint is not None:
            self._measure(result.checkpoint)
        return result

    def _measure(self, checkpoint: Checkpoint) -> None:
        """The metrics of a finished reconciliation, written once: by the call that finished it."""
        if checkpoint.daily:  # one by hand does not show that the schedule's reconciliations finish
            self.telemetry.measure("ReconciliationsFinished", 1)
        self.telemetry.measure("ReconciliationRows", checkpoint.rows_in_all)
        for kind, count in checkpoint.counts.items():
            self.telemetry.measure("ReconciliationDiscrepancies", count, kind)


@dataclass(slots=True)
class _Progress:
    telemetry: PowertoolsTelemetry
    monotonic: Callable[[], float]
    logged_at: float

    def log(self, checkpoint: Checkpoint) -> None:
        if self.monotonic() - self.logged_at >= PROGRESS_SECONDS:
            self.logged_at = self.monotonic()
            self.telemetry.about(None)
            log_progress(self.telemetry, checkpoint)


def log_progress(telemetry: PowertoolsTelemetry, checkpoint: Checkpoint) -> None:
    """Writes how far a reconciliation has come, in one line."""
    facts = {
        "from": checkpoint.span.first.isoformat(),
        "to": checkpoint.span.last.isoformat(),
        "phase": checkpoint.phase,
        "rows": checkpoint.rows_in_all,
        "listed_total": checkpoint.total_in_all,
        "discrepancies": sum(checkpoint.counts.values()),
        **({} if checkpoint.incomplete_because is None else {"doubt": checkpoint.incomplete_because}),
    }
    telemetry.logger.info("reconciling", extra=facts)


def _response(request: ReconciliationRequest, result: RunResult, address: Callable[[str], str]) -> dict[str, Any]:
    checkpoint = result.checkpoint
    report = checkpoint.report if checkpoint else None
    return {
        "from": request.span.first.isoformat(),
        "to": request.span.last.isoformat(),
        "state": result.state,
        "complete": checkpoint.is_complete if checkpoint else False,
        "rows": checkpoint.rows_in_all if checkpoint else 0,
        "listed_total": checkpoint.total_in_all if checkpoint else None,
        "discrepancies": dict(sorted(checkpoint.counts.items())) if checkpoint else {},
        "report": {"json": address(report.json), "csv": address(report.csv)} if report else None,
    }
