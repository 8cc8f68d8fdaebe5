"""CloudWatch's embedded metric format (EMF): CloudWatch reads metrics from log lines, so no call is needed."""

import json
import sys
import threading
from typing import Final

from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import AmazonCloudWatchEMFProvider

from payments.runtime.dimensions import bounded
from payments.runtime.metrics import Metric

SERVICE: Final = "service"

MAX_VALUES: Final = 99
"""Values of one metric, or metrics, in one line. Powertools itself would write a line at 100, in two parts."""

_Dimension = tuple[str, str, bool]
"""A second dimension beside the service: its name, its value, and whether the total is a metric as well."""


class EmfLines:
    """The values of one invocation, from any thread. One line per set of dimensions: its values share them."""

    def __init__(self, namespace: str, service: str) -> None:
        self._namespace = namespace
        self._service = service
        self._lines: dict[_Dimension | None, AmazonCloudWatchEMFProvider] = {}
        self._lock = threading.Lock()

    def add(self, metric: Metric, value: int, dimension: str | None = None) -> None:
        """Adds one value of a metric; `dimension` is the value of the metric's second dimension, `metric.by`."""
        second = (metric.by, bounded(metric.by, dimension), metric.total) if metric.by and dimension else None
        with self._lock:
            line = self._lines.get(second) or self._lines.setdefault(second, self._line(second))
            line.add_metric(metric.name, metric.unit, value)
            if max(len(line.metric_set), len(line.metric_set[metric.name]["Value"])) >= MAX_VALUES:
                _write(line)

    def flush(self) -> None:
        """Writes the lines and clears them. Skips empty ones: Powertools would warn about them in plain text."""
        with self._lock:
            lines, self._lines = self._lines, {}
            for line in lines.values():
                if line.metric_set:
                    _write(line)

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


def _write(line: AmazonCloudWatchEMFProvider) -> None:
    """Writes the line in one call: with `print`, a log line of another thread may come before the newline."""
    sys.stdout.write(json.dumps(line.serialize_metric_set(), separators=(",", ":")) + "\n")
    line.metric_set.clear()
