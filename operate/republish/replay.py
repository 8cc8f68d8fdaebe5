"""Telling again: in order for each payment, under the same event ids, marked. What the bus refuses is counted."""

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
    """Goes on after a refusal: to run it again is harmless, for the ids are the same."""
    counts = Republished()
    for events in payments:
        accepted = bus.publish([replayed(event) for event in events])
        counts = Republished(counts.payments + 1, counts.events + accepted, counts.refused + len(events) - accepted)
    return counts


class CountingBus:
    """Meets the Bus port and tells nobody: for a dry run."""

    def publish(self, events: Iterable[Event]) -> int:
        return len(list(events))


class TerminalTelemetry:
    """Meets the Telemetry port for the person who runs this."""

    def about(self, payment_id: str | None, order_id: str | None = None, transaction_id: str | None = None) -> None:
        """Each note names its payment."""

    def note(self, signal: str, **facts: str | int) -> None:
        sys.stderr.write(f"{signal} {facts}\n")
