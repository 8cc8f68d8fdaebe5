"""CloudWatch's embedded metric format (EMF): CloudWatch reads metrics from log lines, so no call is needed."""

from typing import Final

from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import AmazonCloudWatchEMFProvider

from payments.runtime.metrics import Metric

SERVICE: Final = "service"

_Dimension = tuple[str, str, bool]
"""A second dimension beside the service: its name, its value, and whether the total is a metric as well."""


class EmfLines:
    """The values of one invocation. One line per set of dimensions, because all values of a line share them."""

    def __init__(self, namespace: str, service: str) -> None:
        self._namespace = namespace
        self._service = service
        self._lines: dict[_Dimension | None, AmazonCloudWatchEMFProvider] = {}

    def add(self, metric: Metric, value: int, dimension: str | None = None) -> None:
        """Adds one value of a metric; `dimension` is the value of the metric's second dimension, `metric.by`."""
        second = (metric.by, dimension, metric.total) if metric.by and dimension else None
        line = self._lines.get(second) or self._lines.setdefault(second, self._line(second))
        line.add_metric(metric.name, metric.unit, value)  # Powertools itself writes a full line

    def flush(self) -> None:
        """Writes the lines and clears them. Skips empty ones: Powertools would warn about them in plain text."""
        lines, self._lines = self._lines, {}
        for line in lines.values():
            if line.metric_set:
                line.flush_metrics()

    def _line(self, second: _Dimension | None) -> AmazonCloudWatchEMFProvider:
        service = {SERVICE: self._service}
        if second is None:
            return self._with(service)
        name, value, total = second
        if not total:
            return self._with({**service, name: value})
        line = self._with(service)
        line.add_dimensions(**{name: value})
        return line

    def _with(self, dimensions: dict[str, str]) -> AmazonCloudWatchEMFProvider:
        return AmazonCloudWatchEMFProvider(
            namespace=self._namespace, service=self._service, default_dimensions=dimensions
        )
