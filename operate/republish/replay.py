"""Telling again: in order for each payment, under the same event ids, marked. What the bus refuses is counted."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass

from payments.events.event import Event, replayed
from payments.events.outbox import Bus


@dataclass(frozen=True, slots=True)
class Told:
    payments: int = 0
    events: int = 0
    refused: int = 0


def tell_again(payments: Iterable[tuple[Event, ...]], bus: Bus) -> Told:
    """Goes on after a refusal: to run it again is harmless, for the ids are the same."""
    told = Told()
    for events in payments:
        taken = bus.publish([replayed(event) for event in events])
        told = Told(told.payments + 1, told.events + taken, told.refused + len(events) - taken)
    return told


class CountingBus:
    """Meets the Bus port and tells nobody: for a dry run."""

    def publish(self, events: Iterable[Event]) -> int:
        return len(list(events))


class Terminal:
    """Meets the Telemetry port for the person who runs this."""

    def about(self, payment_id: str | None, order_id: str | None = None, transaction_id: str | None = None) -> None:
        """Each note names its payment."""

    def note(self, signal: str, **facts: str | int) -> None:
        sys.stderr.write(f"{signal} {facts}\n")
