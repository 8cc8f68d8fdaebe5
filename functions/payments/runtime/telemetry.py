"""Telemetry: every signal is one JSON log line and one EMF metric. What is passed here holds no secret and no card."""

from typing import Final

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from payments.errors import PaymentsError

WAKES_SOMEBODY: Final = frozenset(
    {
        "event_refused",
        "gateway_credentials_refused",
        "integrity_mismatch",
        "late_success",
        "payment_needs_review",
        "secret_unreadable",
        "unknown_gateway_status",
        "unexpected_error",
    }
)
"""Signals logged as errors; the others are information."""


class PowertoolsTelemetry:
    """Meets the Telemetry port with Powertools' Logger and Metrics (service and namespace from the environment)."""

    def __init__(self, logger: Logger, metrics: Metrics) -> None:
        self.logger = logger
        self._metrics = metrics

    def begin(self, correlation_id: str | None) -> None:
        """Starts an invocation: nothing of the one before is left on its lines."""
        self.logger.clear_state()
        self.logger.set_correlation_id(correlation_id)

    def note(self, signal: str, **facts: str | int) -> None:
        """One line, one count."""
        write = self.logger.error if signal in WAKES_SOMEBODY else self.logger.info
        write(signal, extra={**facts, "signal": signal})
        self._metrics.add_metric(name=signal, unit=MetricUnit.Count, value=1)

    def unexpected(self, error: Exception) -> None:
        """A bug: its type and place are logged. Its text only if it is ours: another's may quote anything."""
        place = error.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        where = f"{place.tb_frame.f_code.co_qualname}:{place.tb_lineno}" if place else "?"
        said = str(error) if isinstance(error, PaymentsError) else ""
        self.note("unexpected_error", error=type(error).__name__, where=where, said=said)

    def flush(self) -> None:
        """Writes the metrics of this invocation, if there are any: Powertools would warn, on a line that is no JSON."""
        if self._metrics.metric_set:
            self._metrics.flush_metrics()


def powertools() -> PowertoolsTelemetry:
    """The telemetry of a function, configured by Powertools' environment variables."""
    return PowertoolsTelemetry(Logger(), Metrics())
