"""The event bus on EventBridge. PutEvents can accept a part of a batch, so each entry's result is read."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from payments.events.event import SOURCE, Event
from payments.ports.runtime import Telemetry

MAX_ENTRIES: Final = 10
"""The limit of PutEvents per call. Our entries are about 1 KiB each; the limit on size is 1 MiB."""


class EventBridgeBus:
    """Meets the Bus port. `client` is boto3's EventBridge client."""

    def __init__(self, client: Any, bus_name: str, telemetry: Telemetry) -> None:
        self._client = client
        self._bus_name = bus_name
        self._telemetry = telemetry

    def publish(self, events: Sequence[Event]) -> int:
        """Puts events in order and stops at the first that is not accepted. Returns the number accepted before it."""
        published = 0
        for batch in _batches(events):
            accepted = self._put(batch)
            published += accepted
            if accepted < len(batch):
                break
        return published

    def _put(self, batch: Sequence[Event]) -> int:
        try:
            answer = self._client.put_events(Entries=[self._entry(event) for event in batch])
        except (ClientError, BotoCoreError) as error:
            self._telemetry.note("bus_unreachable", error=type(error).__name__)
            return 0
        if not answer["FailedEntryCount"]:
            return len(batch)
        refused = [(nth, result["ErrorCode"]) for nth, result in enumerate(answer["Entries"]) if "ErrorCode" in result]
        # If no entry has an error code, any entry may have failed: all are published again, under the same ids.
        first, code = refused[0] if refused else (0, "unnamed")
        self._telemetry.note("event_refused", error=code)
        return first

    def _entry(self, event: Event) -> dict[str, Any]:
        return {
            "EventBusName": self._bus_name,
            "Source": SOURCE,
            "DetailType": event.type,
            "Time": event.occurred_at,
            "Resources": [event.payment_id],
            "Detail": json.dumps(event.detail, separators=(",", ":")),
        }


def _batches(events: Sequence[Event]) -> Iterator[Sequence[Event]]:
    for start in range(0, len(events), MAX_ENTRIES):
        yield events[start : start + MAX_ENTRIES]
