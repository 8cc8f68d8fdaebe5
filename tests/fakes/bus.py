"""A bus that remembers what it took, and takes no more than it is told to."""

import threading
from collections.abc import Sequence

from payments.events.event import Event


class RecordingBus:
    """Meets the Bus port. `takes`: how many events of a call it accepts from the front; None means all, 0 is down."""

    def __init__(self, takes: int | None = None) -> None:
        self.takes = takes
        self.events: list[Event] = []
        self._lock = threading.Lock()

    def publish(self, events: Sequence[Event]) -> int:
        """Takes from the front as many as it may."""
        with self._lock:
            accepted = events[: self.takes]
            self.events += accepted
            return len(accepted)

    def ids(self, payment_id: str | None = None) -> list[str]:
        """The ids of the events taken, repeats included, in order; of one payment or of all."""
        told = [event for event in self.events if payment_id in (None, event.payment_id)]
        return [event.detail["metadata"]["event_id"] for event in told]

    def types(self) -> list[str]:
        """The types of the events taken, in order."""
        return [event.type for event in self.events]
