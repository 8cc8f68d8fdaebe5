"""What an operator of this consumer sees: a line a payment, a line and a metric a gap."""

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit


class Teller:
    """Writes with Powertools; gets nothing but events, which hold no personal data."""

    def __init__(self, logger: Logger, metrics: Metrics) -> None:
        self._logger = logger
        self._metrics = metrics

    def tell_payment(self, event: dict[str, Any]) -> None:
        """The payment, as the event has it."""
        metadata, data = event["detail"]["metadata"], event["detail"]["data"]
        line = f"{event['detail-type']} {data['payment_id']} {data['amount']} {data['currency']}"
        told_again = "replay-name" in event or metadata.get("replayed", False)
        self._logger.info(line, extra={**data, "event_id": metadata["event_id"], "told_again": told_again})
        self._metrics.add_metric(name="PaymentsPrinted", unit=MetricUnit.Count, value=1)

    def tell_gap(self, payment_id: str, sequence: int, missing: list[int]) -> None:
        """A gap is an event still to come: late, or lost on its way to this consumer."""
        if not missing:
            return
        facts = {"payment_id": payment_id, "sequence": sequence, "missing": missing}
        self._logger.warning("gap in the sequence of a payment", extra=facts)
        self._metrics.add_metric(name="SequenceGaps", unit=MetricUnit.Count, value=1)
