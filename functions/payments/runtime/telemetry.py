"""Telemetry: every signal is one JSON log line and one EMF metric. What is passed here holds no secret and no card."""

import logging
import os

from aws_lambda_powertools import Logger

from payments.errors import PaymentsError
from payments.runtime.emf import EmfLines
from payments.runtime.metrics import METRICS, SIGNALS, WAKES_SOMEBODY


class PowertoolsTelemetry:
    """Meets the Telemetry port with Powertools' Logger and its metrics."""

    def __init__(self, logger: Logger, metrics: EmfLines) -> None:
        self.logger = logger
        self._metrics = metrics

    def begin(self, correlation_id: str | None) -> None:
        """Starts an invocation: nothing of the one before is left on its lines."""
        self.logger.clear_state()
        self.logger.set_correlation_id(correlation_id)

    def about(self, payment_id: str | None, order_id: str | None = None, transaction_id: str | None = None) -> None:
        """See `Telemetry.about`."""
        self.logger.append_keys(payment_id=payment_id, order_id=order_id, transaction_id=transaction_id)

    def note(self, signal: str, **facts: str | int) -> None:
        """One line, and one count in each metric that the catalogue names for the signal."""
        write = self.logger.error if signal in WAKES_SOMEBODY else self.logger.info
        write(signal, extra={**facts, "signal": signal})
        self._count(signal, facts)

    def measure(self, name: str, value: int, dimension: str | None = None) -> None:
        """A value of a metric that no signal counts in: how long, how much, how many now."""
        self._metrics.add(METRICS[name], value, dimension)

    def unexpected(self, error: Exception) -> None:
        """A bug: its type and place are logged. Its text only if it is ours: another's may quote anything."""
        place = error.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        where = f"{place.tb_frame.f_code.co_qualname}:{place.tb_lineno}" if place else "?"
        said = str(error) if isinstance(error, PaymentsError) else ""
        self.note("unexpected_error", error=type(error).__name__, where=where, said=said)

    def flush(self) -> None:
        """Writes the metrics of this invocation, if there are any."""
        self._metrics.flush()

    def _count(self, signal: str, facts: dict[str, str | int]) -> None:
        counted = SIGNALS.get(signal)
        if counted is None:  # a line is better than an exception where nothing may fail; a test finds what is missing
            return
        value = int(facts.get(counted.value, 1)) if counted.value else 1
        for name in counted.metrics:
            metric = METRICS[name]
            self._metrics.add(metric, value, str(facts.get(metric.by, "unknown")) if metric.by else None)


def powertools() -> PowertoolsTelemetry:
    """The telemetry of a function, configured by Powertools' environment variables."""
    service = os.environ.get("POWERTOOLS_SERVICE_NAME", "payments")
    namespace = os.environ.get("POWERTOOLS_METRICS_NAMESPACE", "PayAgency")
    _hush_libraries()
    return PowertoolsTelemetry(Logger(), EmfLines(namespace, service))


def _hush_libraries() -> None:
    """Lambda's log level is the root logger's: at DEBUG, botocore would write secrets, urllib3 addresses."""
    for library in ("boto3", "botocore", "urllib3"):
        logging.getLogger(library).setLevel(logging.CRITICAL)
