"""Telemetry with Powertools: a signal is a JSON log line and counts in metrics. Callers pass no secret and no card."""

import logging
import os

from aws_lambda_powertools import Logger

from payments.errors import PaymentsError
from payments.runtime.dimensions import OTHER
from payments.runtime.emf import EmfLines
from payments.runtime.metrics import METRICS, SIGNALS, WAKES_SOMEBODY


class PowertoolsTelemetry:
    """Meets the Telemetry port with Powertools' Logger and its metrics."""

    def __init__(self, logger: Logger, metrics: EmfLines) -> None:
        self.logger = logger
        self._metrics = metrics

    def begin(self, correlation_id: str | None) -> None:
        """Starts an invocation: removes the keys of the previous one from the log lines."""
        self.logger.clear_state()
        self.logger.set_correlation_id(correlation_id)

    def requested_by(self, principal: str | None) -> None:
        """Sets the AWS principal that every later log line of this invocation names."""
        self.logger.append_keys(principal=principal)

    def about(self, payment_id: str | None, order_id: str | None = None, transaction_id: str | None = None) -> None:
        """See `Telemetry.about`."""
        # Each thread has keys of its own: a run of the follow-up works on many payments at once.
        self.logger.thread_safe_append_keys(payment_id=payment_id, order_id=order_id, transaction_id=transaction_id)

    def note(self, signal: str, **facts: str | int) -> None:
        """Writes one line, and counts in each metric that SIGNALS names for the signal."""
        write = self.logger.error if signal in WAKES_SOMEBODY else self.logger.info
        write(signal, extra={**facts, "signal": signal})
        self._count(signal, facts)

    def measure(self, name: str, value: int, dimension: str | None = None) -> None:
        """Adds a value of a metric that no signal counts in: a duration, an amount of money, a number of payments."""
        self._metrics.add(METRICS[name], value, dimension)

    def unexpected(self, error: Exception) -> None:
        """Logs a bug by its type and place. Only the text of a PaymentsError is logged: others may quote secrets."""
        place = error.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        where = f"{place.tb_frame.f_code.co_qualname}:{place.tb_lineno}" if place else "?"
        reason = str(error) if isinstance(error, PaymentsError) else ""
        self.note("unexpected_error", error=type(error).__name__, where=where, reason=reason)

    def flush(self) -> None:
        """Writes the metrics of this invocation."""
        self._metrics.flush()

    def _count(self, signal: str, facts: dict[str, str | int]) -> None:
        counted = SIGNALS.get(signal)
        if counted is None:  # telemetry must not raise; a test finds a missing signal
            return
        value = int(facts.get(counted.value, 1)) if counted.value else 1
        for name in counted.metrics:
            metric = METRICS[name]
            self._metrics.add(metric, value, str(facts.get(metric.by, OTHER)) if metric.by else None)


def powertools() -> PowertoolsTelemetry:
    """The telemetry of a function, configured by the environment variables of Powertools."""
    service = os.environ.get("POWERTOOLS_SERVICE_NAME", "payments")
    namespace = os.environ.get("POWERTOOLS_METRICS_NAMESPACE", "PayAgency")
    _silence_libraries()
    return PowertoolsTelemetry(Logger(), EmfLines(namespace, service))


def _silence_libraries() -> None:
    """Lambda sets its log level on the root logger. At DEBUG, botocore would log secrets and urllib3 URLs."""
    for library in ("boto3", "botocore", "urllib3"):
        logging.getLogger(library).setLevel(logging.CRITICAL)
