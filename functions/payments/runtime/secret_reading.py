"""One read of a secret in a thread of its own, so that no request waits longer for it than it may."""

from collections.abc import Callable
from datetime import datetime
from threading import Event, Thread
from typing import Final, Generic, TypeVar

T = TypeVar("T")

HELD_UP_SECONDS: Final = 1.0
"""How long a request with a cached value waits for a read. Then it goes on with the cached value; the read ends beside
it, and the next request has its result."""


class StillReading(Exception):
    """A read takes longer than a request may wait for it."""


class Reading(Generic[T]):
    """One read in a thread of its own. The timeouts of the client end it."""

    def __init__(self, read: Callable[[], T | None], began_at: datetime) -> None:
        self.began_at = began_at
        self._read = read
        self._value: T | None = None
        self._error: Exception | None = None
        self._ended = Event()
        Thread(target=self._run, daemon=True).start()

    @property
    def has_ended(self) -> bool:
        """Whether there is a result."""
        return self._ended.is_set()

    def result(self) -> T | None:
        """The value. Raises StillReading after HELD_UP_SECONDS, and what the read raised."""
        if not self._ended.wait(HELD_UP_SECONDS):
            raise StillReading
        if self._error is not None:
            raise self._error
        return self._value

    def _run(self) -> None:
        try:
            self._value = self._read()
        except Exception as error:  # noqa: BLE001 - raised again where the result is needed
            self._error = error
        self._ended.set()
