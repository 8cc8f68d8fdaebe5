"""Logs and metrics of this consumer: one line a payment, one line and one metric a gap."""

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit


class Reporter:
    """Writes with Powertools. Its only input are events, which hold no personal data."""

    def __init__(self, logger: Logger, metrics: Metrics) -> None:
        self._logger = logger
        self._metrics = metrics
        self._missing: dict[str, list[int]] = {}

    def report_payment(self, event: dict[str, Any]) -> None:
        """Logs the payment of an event."""
        metadata, data = event["detail"]["metadata"], event["detail"]["data"]
        line = f"{event['detail-type']} {data['payment_id']} {data['amount']} {data['currency']}"
        replayed = "replay-name" in event or metadata.get("replayed", False)
        self._logger.info(line, extra={**data, "event_id": metadata["event_id"], "replayed": replayed})
        self._metrics.add_metric(name="PaymentsPrinted", unit=MetricUnit.Count, value=1)

    def set_missing(self, payment_id: str, missing: list[int]) -> None:
        """Replaces the missing numbers of a payment: a later event of the batch may fill the gap."""
        self._missing[payment_id] = missing

    def report_gaps(self) -> None:
        """Reports the gaps after a whole batch: those events are late or lost."""
        for payment_id, missing in self._missing.items():
            if missing:
                facts = {"payment_id": payment_id, "missing": missing}
                self._logger.warning("gap in the sequence of a payment", extra=facts)
                self._metrics.add_metric(name="SequenceGaps", unit=MetricUnit.Count, value=1)
        self._missing.clear()
