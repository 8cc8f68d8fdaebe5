"""One call of the reconciliation: its request, its time, what it tells the log meanwhile, and its result."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from payments.errors import PaymentsError
from payments.reconciliation.checkpoint import Checkpoint
from payments.reconciliation.errors import ListStuck
from payments.reconciliation.run import ReconciliationRun, RunResult, Watch
from payments.runtime.telemetry import PowertoolsTelemetry
from reconciliation.request import ReconciliationRequest, RequestRefused, parse

TO_SPARE: Final = 60.0
"""Seconds before the function's end from which on no step is begun: a page in three tries, or a long report."""

SAID_EVERY: Final = 10.0
"""Seconds between two lines that say how far it has come."""


class ReconciliationFailed(PaymentsError):
    """A bug, or AWS did not do what was asked; the log says more. The next call goes on."""


@dataclass(frozen=True, slots=True)
class ReconciliationInvocation:
    """`address`: key → where a person finds the file.

    `days`: how far back the schedule's reconciliation looks, but never before `first_day`.
    """

    reconciliation: ReconciliationRun
    telemetry: PowertoolsTelemetry
    address: Callable[[str], str]
    days: int
    monotonic: Callable[[], float] = time.monotonic
    first_day: date | None = None

    def take(self, event: object, seconds_left: Callable[[], float]) -> dict[str, Any]:
        """One call. A payload that asks for no reconciliation is an `error` in the result. Raises ListStuck, ReconciliationFailed.

        `seconds` of the payload bound what is begun: the step that is going on then is brought to its end.
        """
        try:
            request = parse(event, self.reconciliation.clock().date(), self.days, self.first_day)
        except RequestRefused as refused:
            return {"error": str(refused)}
        try:
            reconciled = self._run(request, seconds_left)
        except ListStuck:
            raise
        except Exception as error:  # noqa: BLE001 - its text may quote anything: the log has its place
            self.telemetry.unexpected(error)
            raise ReconciliationFailed(f"the reconciliation {request.span} failed ({type(error).__name__})") from None
        return self._result(request, reconciled)

    def _run(self, request: ReconciliationRequest, seconds_left: Callable[[], float]) -> RunResult:
        began = self.monotonic()

        def call() -> float:
            mine = seconds_left() - TO_SPARE
            return mine if request.seconds is None else min(mine, request.seconds - (self.monotonic() - began))

        said = _Said(self.telemetry, self.monotonic, began)
        steps: list[str] = []

        def kept(checkpoint: Checkpoint) -> None:
            steps.append(checkpoint.phase)
            said.maybe(checkpoint)

        watch = Watch(call, seconds_left)
        reconciled = self.reconciliation.run(request.span, watch, anew=request.anew, daily=request.daily, kept=kept)
        self.telemetry.about(None)
        if reconciled.checkpoint is not None and steps:
            say(self.telemetry, reconciled.checkpoint)
        if reconciled.state == "finished" and steps and reconciled.checkpoint is not None:
            self._measure(reconciled.checkpoint)
        return reconciled

    def _measure(self, checkpoint: Checkpoint) -> None:
        """What a reconciliation came to, once: by the call that finished it."""
        if checkpoint.daily:  # by hand, of any days, is no answer to whether the schedule's come to their end
            self.telemetry.measure("ReconciliationsFinished", 1)
        self.telemetry.measure("ReconciliationRows", checkpoint.rows)
        for kind, count in checkpoint.counts.items():
            self.telemetry.measure("ReconciliationDiscrepancies", count, kind)

    def _result(self, request: ReconciliationRequest, reconciled: RunResult) -> dict[str, Any]:
        checkpoint = reconciled.checkpoint
        report = checkpoint.report if checkpoint else None
        return {
            "from": request.span.first.isoformat(),
            "to": request.span.last.isoformat(),
            "state": reconciled.state,
            "complete": checkpoint.is_complete if checkpoint else False,
            "rows": checkpoint.rows if checkpoint else 0,
            "listed_total": checkpoint.listed_total if checkpoint else None,
            "discrepancies": dict(sorted(checkpoint.counts.items())) if checkpoint else {},
            "report": {"json": self.address(report.json), "csv": self.address(report.csv)} if report else None,
        }


@dataclass(slots=True)
class _Said:
    telemetry: PowertoolsTelemetry
    monotonic: Callable[[], float]
    at: float

    def maybe(self, checkpoint: Checkpoint) -> None:
        if self.monotonic() - self.at >= SAID_EVERY:
            self.at = self.monotonic()
            self.telemetry.about(None)
            say(self.telemetry, checkpoint)


def say(telemetry: PowertoolsTelemetry, checkpoint: Checkpoint) -> None:
    """How far a reconciliation has come, in one line."""
    facts = {
        "from": checkpoint.span.first.isoformat(),
        "to": checkpoint.span.last.isoformat(),
        "phase": checkpoint.phase,
        "rows": checkpoint.rows,
        "listed_total": checkpoint.listed_total,
        "discrepancies": sum(checkpoint.counts.values()),
        **({} if checkpoint.doubt is None else {"doubt": checkpoint.doubt}),
    }
    telemetry.logger.info("reconciling", extra=facts)
