"""One call of the sweep: its request, its time, what it tells the log meanwhile, and its result."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from payments.errors import PaymentsError
from payments.reconciliation.checkpoint import Progress
from payments.reconciliation.errors import ListStuck
from payments.reconciliation.run import Sweeping, Swept, Watch
from payments.runtime.telemetry import PowertoolsTelemetry
from reconciliation.request import RequestRefused, SweepRequest, parse

TO_SPARE: Final = 60.0
"""Seconds before the function's end from which on no step is begun: a page in three tries, or a long report."""

SAID_EVERY: Final = 10.0
"""Seconds between two lines that say how far it has come."""


class SweepFailed(PaymentsError):
    """A bug, or AWS did not do what was asked; the log says more. The next call goes on."""


@dataclass(frozen=True, slots=True)
class Desk:
    """`address`: key → where a person finds the file.

    `days`: how far back the schedule's sweep looks, but never before `first_day`.
    """

    sweeping: Sweeping
    telemetry: PowertoolsTelemetry
    address: Callable[[str], str]
    days: int
    monotonic: Callable[[], float] = time.monotonic
    first_day: date | None = None

    def take(self, event: object, seconds_left: Callable[[], float]) -> dict[str, Any]:
        """One call. A payload that asks for no sweep is an `error` in the result. Raises ListStuck, SweepFailed.

        `seconds` of the payload bound what is begun: the step that is going on then is brought to its end.
        """
        try:
            request = parse(event, self.sweeping.clock().date(), self.days, self.first_day)
        except RequestRefused as refused:
            return {"error": str(refused)}
        try:
            swept = self._swept(request, seconds_left)
        except ListStuck:
            raise
        except Exception as error:  # noqa: BLE001 - its text may quote anything: the log has its place
            self.telemetry.unexpected(error)
            raise SweepFailed(f"the sweep {request.span} failed ({type(error).__name__})") from None
        return self._result(request, swept)

    def _swept(self, request: SweepRequest, seconds_left: Callable[[], float]) -> Swept:
        began = self.monotonic()

        def call() -> float:
            mine = seconds_left() - TO_SPARE
            return mine if request.seconds is None else min(mine, request.seconds - (self.monotonic() - began))

        said = _Said(self.telemetry, self.monotonic, began)
        steps: list[str] = []

        def kept(progress: Progress) -> None:
            steps.append(progress.phase)
            said.maybe(progress)

        watch = Watch(call, seconds_left)
        swept = self.sweeping.sweep(request.span, watch, anew=request.anew, daily=request.daily, kept=kept)
        self.telemetry.about(None)
        if swept.progress is not None and steps:
            say(self.telemetry, swept.progress)
        if swept.state == "finished" and steps and swept.progress is not None:
            self._measure(swept.progress)
        return swept

    def _measure(self, progress: Progress) -> None:
        """What a sweep came to, once: by the call that finished it."""
        if progress.daily:  # by hand, of any days, is no answer to whether the schedule's come to their end
            self.telemetry.measure("SweepsFinished", 1)
        self.telemetry.measure("SweepRows", progress.rows)
        for kind, count in progress.counts.items():
            self.telemetry.measure("SweepFindings", count, kind)

    def _result(self, request: SweepRequest, swept: Swept) -> dict[str, Any]:
        progress = swept.progress
        report = progress.report if progress else None
        return {
            "from": request.span.first.isoformat(),
            "to": request.span.last.isoformat(),
            "state": swept.state,
            "complete": progress.is_complete if progress else False,
            "rows": progress.rows if progress else 0,
            "listed_total": progress.listed_total if progress else None,
            "findings": dict(sorted(progress.counts.items())) if progress else {},
            "report": {"json": self.address(report.json), "csv": self.address(report.csv)} if report else None,
        }


@dataclass(slots=True)
class _Said:
    telemetry: PowertoolsTelemetry
    monotonic: Callable[[], float]
    at: float

    def maybe(self, progress: Progress) -> None:
        if self.monotonic() - self.at >= SAID_EVERY:
            self.at = self.monotonic()
            self.telemetry.about(None)
            say(self.telemetry, progress)


def say(telemetry: PowertoolsTelemetry, progress: Progress) -> None:
    """How far a sweep has come, in one line."""
    facts = {
        "from": progress.span.first.isoformat(),
        "to": progress.span.last.isoformat(),
        "phase": progress.phase,
        "rows": progress.rows,
        "listed_total": progress.listed_total,
        "findings": sum(progress.counts.values()),
        **({} if progress.doubt is None else {"doubt": progress.doubt}),
    }
    telemetry.logger.info("sweeping", extra=facts)
