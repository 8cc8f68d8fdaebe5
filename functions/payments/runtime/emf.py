"""CloudWatch's embedded metric format: values become log lines, which CloudWatch makes metrics of. No call is made."""

from typing import Final

from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import AmazonCloudWatchEMFProvider

from payments.runtime.metrics import Metric

SERVICE: Final = "service"

_Side = tuple[str, str, bool]
"""A dimension beside the service: its name, its value, and whether the total is a metric as well."""


class EmfLines:
    """The values of one invocation, one line for each set of dimensions: what is in one line shares them all."""

    def __init__(self, namespace: str, service: str) -> None:
        self._namespace = namespace
        self._service = service
        self._lines: dict[_Side | None, AmazonCloudWatchEMFProvider] = {}

    def add(self, metric: Metric, value: int, dimension: str | None = None) -> None:
        """One value of a metric; `dimension` is the value of the dimension that the metric is told apart by."""
        side = (metric.by, dimension, metric.total) if metric.by and dimension else None
        line = self._lines.get(side) or self._lines.setdefault(side, self._line(side))
        line.add_metric(metric.name, metric.unit, value)  # writes by itself what would not fit one line

    def flush(self) -> None:
        """Writes what there is, and forgets it. Powertools would warn of an empty line, on a line that is no JSON."""
        lines, self._lines = self._lines, {}
        for line in lines.values():
            if line.metric_set:
                line.flush_metrics()

    def _line(self, side: _Side | None) -> AmazonCloudWatchEMFProvider:
        always = {SERVICE: self._service}
        if side is None:
            return self._with(always)
        name, value, total = side
        if not total:
            return self._with({**always, name: value})
        line = self._with(always)
        line.add_dimensions(**{name: value})
        return line

    def _with(self, dimensions: dict[str, str]) -> AmazonCloudWatchEMFProvider:
        return AmazonCloudWatchEMFProvider(
            namespace=self._namespace, service=self._service, default_dimensions=dimensions
        )
