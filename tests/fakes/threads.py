"""Threads of a test: the same work in many of them at once, and the results of all."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

Result = TypeVar("Result")

MEET_SECONDS = 0.3
"""Longer than a thread takes to arrive, and short, because a thread behind a lock never does."""


def in_threads(count: int, work: Callable[[], Result]) -> list[Result | Exception]:
    """The results of `work`, done in so many threads that begin together; an exception is a result as well."""
    start = threading.Barrier(count)

    def begin() -> Result | Exception:
        start.wait(10)
        try:
            return work()
        except Exception as error:  # noqa: BLE001 - the test examines it
            return error

    with ThreadPoolExecutor(count) as pool:
        return [each.result(30) for each in [pool.submit(begin) for _ in range(count)]]


class MeetingPoint:
    """Where two threads wait for each other for a moment: only threads that no lock keeps apart meet."""

    def __init__(self) -> None:
        self._barrier = threading.Barrier(2)

    def __call__(self) -> None:
        """Waits for the other thread, or for MEET_SECONDS."""
        with suppress(threading.BrokenBarrierError):
            self._barrier.wait(MEET_SECONDS)
