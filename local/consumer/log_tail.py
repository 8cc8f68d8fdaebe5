"""The log of a function, line by line, from CloudWatch Logs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from local.stack.cloud import Cloud

_LEVELS = frozenset({"INFO", "WARNING", "ERROR"})


@dataclass(slots=True)
class Log:
    """`fresh()` returns each line once."""

    cloud: Cloud
    group: str
    _seen: set[tuple[object, ...]] = field(default_factory=set)

    def fresh(self) -> Iterator[dict[str, Any]]:
        """The consumer's own log lines since the last call, without those of Lambda and of the metrics."""
        pages = self.cloud.client("logs").get_paginator("filter_log_events").paginate(logGroupName=self.group)
        for event in (event for page in pages for event in page["events"]):
            known_by = (event["logStreamName"], event["timestamp"], event["message"])  # MiniStack gives no eventId
            if known_by in self._seen:
                continue
            self._seen.add(known_by)
            yield from _log_lines(event["message"])


def _log_lines(message: str) -> Iterator[dict[str, Any]]:
    for text in message.splitlines():
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if isinstance(line, dict) and line.get("level") in _LEVELS:
            yield line
