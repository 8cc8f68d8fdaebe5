"""Turns EMF lines of the logs into metrics of the emulated CloudWatch, and reads metrics and alarms from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from local.dashboard import emf
from local.stack.cloud import Cloud

_BATCH_SIZE = 500
Points = dict[datetime, float]
Dimensions = Mapping[str, str]


@dataclass(slots=True)
class Metrics:
    """The emulated CloudWatch. Each log line is used once."""

    cloud: Cloud
    _seen: set[tuple[str, str]] = field(default_factory=set)

    def feed(self) -> list[emf.Value]:
        """Puts the values of new log lines into CloudWatch, which then evaluates its alarms. Returns these values."""
        fresh = list(emf.values(self._lines()))
        client = self.cloud.client("cloudwatch")
        for namespace in {value.namespace for value in fresh}:
            data = iter([_datum(value) for value in fresh if value.namespace == namespace])
            while batch := list(islice(data, _BATCH_SIZE)):
                client.put_metric_data(Namespace=namespace, MetricData=batch)
        return fresh

    def points(
        self, namespace: str, name: str, dimensions: Dimensions, stat: str, since: datetime, period: timedelta
    ) -> Points:
        """The statistic by period; a period without a value is left out."""
        answer = self.cloud.client("cloudwatch").get_metric_statistics(
            Namespace=namespace,
            MetricName=name,
            Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
            Statistics=[stat],
            Period=int(period.total_seconds()),
            StartTime=since,
            EndTime=datetime.now(UTC) + period,
        )
        return {point["Timestamp"]: point[stat] for point in sorted(answer["Datapoints"], key=lambda p: p["Timestamp"])}

    def known(self, namespace: str, name: str) -> list[dict[str, str]]:
        """The sets of dimensions under which a metric has values."""
        found = self.cloud.client("cloudwatch").list_metrics(Namespace=namespace, MetricName=name)["Metrics"]
        return [{each["Name"]: each["Value"] for each in metric["Dimensions"]} for metric in found]

    def alarms(self) -> dict[str, str]:
        """The state of each alarm, by its name."""
        pages = self.cloud.client("cloudwatch").get_paginator("describe_alarms").paginate()
        return {alarm["AlarmName"]: alarm["StateValue"] for page in pages for alarm in page["MetricAlarms"]}

    def _lines(self) -> Iterator[str]:
        logs = self.cloud.client("logs")
        groups = [g for page in logs.get_paginator("describe_log_groups").paginate() for g in page["logGroups"]]
        for group in groups:
            pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"])
            yield from self._unseen(event for page in pages for event in page["events"])

    def _unseen(self, events: Iterable[dict[str, Any]]) -> Iterator[str]:
        for event in events:
            # The emulator's events have no id. An EMF line has a millisecond, so no two lines of a stream are equal.
            key = (event["logStreamName"], event["message"])
            if key not in self._seen:
                self._seen.add(key)
                yield event["message"]


def _datum(value: emf.Value) -> dict[str, Any]:
    return {
        "MetricName": value.name,
        "Dimensions": [{"Name": name, "Value": value_} for name, value_ in value.dimensions],
        "Timestamp": value.at,
        "Value": value.value,
        "Unit": value.unit,
    }
