"""The circuit breaker: while the gateway does not answer, callers are refused before anything is recorded or sent.

Its state is one execution environment's. That is enough: an environment handles one request at a time, so it learns of
an outage after a few of its own, and a shared state would cost every charge a read to save each environment those few.
"""

from datetime import datetime, timedelta
from typing import Final

from payments.ports.gateway import NotSent
from payments.ports.runtime import Clock

FAILURES_TO_OPEN: Final = 5
"""Failures in a row: one may be a hiccup, five are an outage."""

OPEN_FOR: Final = timedelta(seconds=15)
"""Then one request may try. Short, for a shopper is waiting; long enough to take the load off."""


class CircuitBreaker:
    """Closed: all pass. Open: none. Half-open, after a while: one passes, and its fate decides."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures = 0
        self._opens_again_at: datetime | None = None

    def check(self) -> None:
        """Raises NotSent while the circuit is open. Changes nothing: who looks may yet have nothing to send."""
        if self._opens_again_at is not None and self._clock() < self._opens_again_at:
            raise NotSent("not sent (circuit open)")

    def admit(self) -> None:
        """Raises NotSent while the circuit is open. The first to send after the wait is the probe."""
        self.check()
        if self._failures >= FAILURES_TO_OPEN:
            self._opens_again_at = self._clock() + OPEN_FOR

    def succeeded(self) -> None:
        """The gateway answered, whatever it said."""
        self._failures = 0
        self._opens_again_at = None

    def failed(self) -> None:
        """The gateway could not be reached, or did not answer."""
        self._failures += 1
        if self._failures >= FAILURES_TO_OPEN:
            self._opens_again_at = self._clock() + OPEN_FOR
