"""A bus that remembers the events it accepted, and accepts no more than it is set to."""

import threading
from collections.abc import Sequence

from payments.events.event import Event


class RecordingBus:
    """Meets the Bus port. `takes`: how many events of one call it accepts, from the front; None: all; 0: down."""

    def __init__(self, takes: int | None = None) -> None:
        self.takes = takes
        self.events: list[Event] = []
        self._lock = threading.Lock()

    def publish(self, events: Sequence[Event]) -> int:
        """See `Bus.publish`."""
        with self._lock:
            accepted = events[: self.takes]
            self.events += accepted
            return len(accepted)

    def ids(self, payment_id: str | None = None) -> list[str]:
        """The ids of the accepted events, repeats included, in order; of one payment, or of all."""
        accepted = [event for event in self.events if payment_id in (None, event.payment_id)]
        return [event.detail["metadata"]["event_id"] for event in accepted]

    def types(self) -> list[str]:
        """The types of the accepted events, in order."""
        return [event.type for event in self.events]
