"""The template's dashboard: its widgets with the values of their metrics."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from local.dashboard.cloudwatch import Metrics, Points

_FILE = Path(__file__).parents[2] / "dashboard.yaml"
_SEARCH = re.compile(r"SEARCH\('\{(\w+),(\w+),service\} MetricName=\"(\w+)\" service=\"([^\"]+)\"', '(\w+)'")


@dataclass(frozen=True, slots=True)
class Series:
    label: str
    stat: str
    points: Points


@dataclass(frozen=True, slots=True)
class Widget:
    """`kind` is metric or alarm. An alarm widget has states instead of series."""

    kind: str
    title: str
    x: int
    y: int
    width: int
    height: int
    unit: str
    stacked: bool
    limits: Mapping[str, float]
    series: tuple[Series, ...] = ()
    states: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Dashboard:
    """`names` maps the template's references to physical names."""

    metrics: Metrics
    names: Mapping[str, str]
    since: datetime
    period: timedelta

    def widgets(self) -> list[Widget]:
        body = re.sub(r"\$\{([^!}][^}]*)\}", lambda found: self._name(found[1]), self._text())
        return [self._widget(definition) for definition in json.loads(body)["widgets"]]

    def _text(self) -> str:
        text: str = yaml.safe_load(_FILE.read_text())["Fn::Sub"]
        return text

    def _name(self, reference: str) -> str:
        return self.names.get(reference.removesuffix(".Arn").removesuffix(".QueueName"), reference)

    def _widget(self, definition: dict[str, Any]) -> Widget:
        properties = definition["properties"]
        lines = properties.get("annotations", {}).get("horizontal", [])
        return Widget(
            kind=definition["type"],
            title=properties["title"],
            **{key: definition[key] for key in ("x", "y", "width", "height")},
            unit=properties.get("yAxis", {}).get("left", {}).get("label", ""),
            stacked=properties.get("stacked", False),
            limits={line["label"]: line["value"] for line in lines},
            series=tuple(self._series(properties)),
            states=self._states(properties.get("alarms", [])),
        )

    def _states(self, names: list[str]) -> dict[str, str]:
        states = self.metrics.alarms() if names else {}
        return {name: states.get(name, "INSUFFICIENT_DATA") for name in names}

    def _series(self, properties: dict[str, Any]) -> Iterator[Series]:
        for row in properties.get("metrics", []):
            if isinstance(row[0], dict):
                yield from self._found(row[0]["expression"])
            else:
                options = row[-1] if isinstance(row[-1], dict) else {}
                parts = [part for part in row[2:] if isinstance(part, str)]
                dimensions = dict(zip(parts[::2], parts[1::2], strict=True))
                stat = options.get("stat", properties["stat"])
                yield self._one(row[0], row[1], dimensions, stat, options.get("label", row[1]))

    def _found(self, expression: str) -> Iterator[Series]:
        search = _SEARCH.match(expression)
        if search is None:
            raise ValueError(f"only a search by one dimension is supported, not {expression}")
        namespace, by, name, service, stat = search.groups()
        known = [each for each in self.metrics.known(namespace, name) if set(each) == {"service", by}]
        for dimensions in sorted(known, key=lambda each: each[by]):
            if dimensions["service"] == service:
                yield self._one(namespace, name, dimensions, stat, dimensions[by])

    def _one(self, namespace: str, name: str, dimensions: Mapping[str, str], stat: str, label: str) -> Series:
        return Series(label, stat, self.metrics.points(namespace, name, dimensions, stat, self.since, self.period))
