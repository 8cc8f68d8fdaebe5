"""The time that one run gives to a bus in trouble. Afterwards events stay due, and the queries have the rest."""

import threading
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from payments.events.event import Event
from payments.events.outbox import Bus
from payments.ports.runtime import Clock

BUS_BUDGET: Final = timedelta(seconds=8)
"""Two calls that hang use it up. A run has 55 s, and needs 44 s of them in an outage of the gateway."""

SLOW: Final = timedelta(seconds=1)
"""A call takes some milliseconds. Only longer ones, and refused ones, count."""


class BudgetedBus:
    """Meets the Bus port for one run. When the budget is used up, it accepts nothing, at once.

    `at_once`: how many calls run at the same time. Each has the budget, so it ends no sooner than that of one.
    """

    def __init__(self, bus: Bus, clock: Clock, at_once: int = 1) -> None:
        self._bus = bus
        self._clock = clock
        self._left = BUS_BUDGET * at_once
        self._lock = threading.Lock()

    def publish(self, events: Sequence[Event]) -> int:
        """See `Bus.publish`."""
        if self._left <= timedelta():
            return 0
        began = self._clock()
        accepted = self._bus.publish(events)
        took = self._clock() - began
        if took > SLOW or accepted < len(events):
            with self._lock:
                self._left -= took
        return accepted
