"""Parser of CloudWatch's embedded metric format: the values that CloudWatch takes from a log line.

It follows the format's specification and shares no code with the writer of the lines.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Value:
    """One value of one metric under one set of dimensions."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    unit: str
    value: float
    at: datetime


def values(lines: Iterable[str]) -> Iterator[Value]:
    """Every value of every EMF line; other lines are skipped."""
    for line in lines:
        if '"_aws"' in line:
            yield from _of_line(line)


def _of_line(line: str) -> Iterator[Value]:
    try:
        fields = json.loads(line[line.index("{") :])
    except ValueError:
        return
    at = datetime.fromtimestamp(fields["_aws"]["Timestamp"] / 1000, UTC)
    for directive in fields["_aws"]["CloudWatchMetrics"]:
        for names in directive["Dimensions"]:
            dimensions = tuple(sorted((name, str(fields[name])) for name in names))
            for metric in directive["Metrics"]:
                for value in _listed(fields[metric["Name"]]):
                    yield Value(directive["Namespace"], metric["Name"], dimensions, metric["Unit"], value, at)


def _listed(value: Any) -> list[float]:
    return [float(each) for each in (value if isinstance(value, list) else [value])]
