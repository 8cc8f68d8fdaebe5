"""The bus on EventBridge: batches within its limits, and reads what it did not take."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from payments.events.event import SOURCE, Event
from payments.ports.runtime import Telemetry

MAX_ENTRIES: Final = 10
"""PutEvents takes ten entries a call; ours are about 1 KiB each, far from its 1 MiB."""


class EventBridgeBus:
    """Meets the Bus port. `client` is boto3's EventBridge client."""

    def __init__(self, client: Any, bus_name: str, telemetry: Telemetry) -> None:
        self._client = client
        self._bus_name = bus_name
        self._telemetry = telemetry

    def publish(self, events: Sequence[Event]) -> int:
        """Puts events in order; returns how many from the front the bus took, and stops at the first it did not."""
        taken = 0
        for batch in _batches(events):
            accepted = self._put(batch)
            taken += accepted
            if accepted < len(batch):
                break
        return taken

    def _put(self, batch: Sequence[Event]) -> int:
        try:
            answer = self._client.put_events(Entries=[self._entry(event) for event in batch])
        except (ClientError, BotoCoreError) as error:
            self._telemetry.note("bus_unreachable", error=type(error).__name__)
            return 0
        if not answer["FailedEntryCount"]:
            return len(batch)
        refused = [(nth, result["ErrorCode"]) for nth, result in enumerate(answer["Entries"]) if "ErrorCode" in result]
        # A failure that no entry owns up to may be any entry's: all are told again, under the same ids.
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
