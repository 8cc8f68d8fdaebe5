"""The circuit breaker: during an outage of the gateway, requests fail before anything is recorded or sent.

The state belongs to one execution environment. This is enough: an environment notices an outage after five failures of
its own. A shared state would save those few failures and cost every charge a read. The threads of an environment share
it: one step at a time, so that only one of them becomes the probe.
"""

import threading
from datetime import datetime, timedelta
from typing import Final

from payments.ports.gateway import NotSent
from payments.ports.runtime import Clock

FAILURES_TO_OPEN: Final = 5
"""Consecutive failures: a single one may be chance, five are an outage."""

OPEN_FOR: Final = timedelta(seconds=15)
"""How long the circuit stays open; then one request may try. Short, because a shopper waits; long enough to take the
load off the gateway."""


class CircuitBreaker:
    """Closed: every request passes. Open: none does. Half-open: one request passes, and its result decides."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures = 0
        self._open_until: datetime | None = None
        self._wait_until: datetime | None = None
        self._lock = threading.RLock()

    def check(self) -> None:
        """Raises NotSent while the circuit is open. Does not use up the probe: the caller may have nothing to send."""
        open_until = self._open_until  # read once: another thread may close the circuit
        if open_until is not None and self._clock() < open_until:
            raise NotSent("not sent (circuit open)")

    def check_wait(self) -> None:
        """Raises NotSent while the gateway has asked to wait: that holds for queries as well."""
        if self._wait_until is not None and self._clock() < self._wait_until:
            raise NotSent("not sent (the gateway asked to wait)")

    def admit(self) -> None:
        """Raises NotSent while the circuit is open. The first request after the wait becomes the probe."""
        with self._lock:
            self.check()
            if self._failures >= FAILURES_TO_OPEN:
                self._open_until = self._clock() + OPEN_FOR

    def succeeded(self) -> None:
        """Records that the gateway answered, with any verdict."""
        with self._lock:
            self._failures = 0
            self._open_until = None

    def failed(self, retry_after: float | None = None) -> None:
        """Records that the gateway was out of reach, did not answer, or a proxy answered in its place.

        `retry_after`: the seconds that the answer asks to wait. One such answer opens the circuit for that long.
        """
        with self._lock:
            self._failures += 1
            if self._failures >= FAILURES_TO_OPEN:
                self._open_until = self._clock() + OPEN_FOR
            if retry_after:
                self._wait_until = self._clock() + timedelta(seconds=retry_after)
                self._open_until = max(self._open_until or self._wait_until, self._wait_until)
