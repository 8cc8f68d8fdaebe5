"""Publishes events again: in order for each payment, with the same event ids, marked as replayed."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass

from payments.events.event import Event, replayed
from payments.events.outbox import Bus


@dataclass(frozen=True, slots=True)
class Republished:
    payments: int = 0
    events: int = 0
    refused: int = 0


def republish_events(payments: Iterable[tuple[Event, ...]], bus: Bus) -> Republished:
    """Counts the events that the bus refuses and goes on. A second run is harmless, because the ids are the same."""
    counts = Republished()
    for events in payments:
        accepted = bus.publish([replayed(event) for event in events])
        counts = Republished(counts.payments + 1, counts.events + accepted, counts.refused + len(events) - accepted)
    return counts


class CountingBus:
    """A Bus that only counts, for a dry run."""

    def publish(self, events: Iterable[Event]) -> int:
        return len(list(events))


class TerminalTelemetry:
    """A Telemetry that writes to the terminal."""

    def about(self, payment_id: str | None, order_id: str | None = None, transaction_id: str | None = None) -> None:
        """Nothing to do: each note names its payment."""

    def note(self, signal: str, **facts: str | int) -> None:
        sys.stderr.write(f"{signal} {facts}\n")
