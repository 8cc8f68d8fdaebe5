"""Processes that run a given number of steps at a time, so that a test can interleave them and kill any of them.

Each process has a thread of its own, but only one thread runs at a time: the caller waits until the process pauses.
"""

import threading
from collections.abc import Callable
from typing import Any

from tests.fakes.crashing_ledger import Crash

MAX_PAUSE_SECONDS = 30.0
"""A process that neither pauses nor ends within this time hangs: an error of the proof itself."""


class Process:
    """One invocation of a function. It pauses before and after each call to the ledger, the gateway and the bus."""

    def __init__(self, name: str, killed_at: float, work: Callable[["Process"], object]) -> None:
        self.name = name
        self.killed_at = killed_at
        self.position = "the beginning"
        self.result: object = None
        self.error: BaseException | None = None
        self._work = work
        self._is_killed = False
        self._continue, self._paused = threading.Semaphore(0), threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run, daemon=True, name=name)
        self._thread.start()

    @property
    def is_finished(self) -> bool:
        """Whether the process has returned, raised or been killed."""
        return self.position == "the end"

    def advance(self, steps: int | None = None) -> None:
        """Runs so many steps; None: to the end."""
        while not self.is_finished and steps != 0:
            self._continue.release()
            assert self._paused.acquire(timeout=MAX_PAUSE_SECONDS), f"{self.name} hangs at {self.position}"
            steps = None if steps is None else steps - 1

    def kill(self) -> None:
        """Ends the process at its present step."""
        self._is_killed = True
        self.advance()
        self._thread.join(MAX_PAUSE_SECONDS)

    def pause(self, position: str) -> None:
        """Waits for the next `advance`, in the process's own thread. Raises Crash when killed."""
        self.position = position
        self._paused.release()
        self._continue.acquire()
        if self._is_killed:
            raise Crash(position)

    def _run(self) -> None:
        self._continue.acquire()
        try:
            self.result = None if self._is_killed else self._work(self)
        except BaseException as error:  # noqa: BLE001 - the proof examines every error
            self.error = error
        self.position = "the end"
        self._paused.release()

    def __repr__(self) -> str:
        return f"<{self.name}, at {self.position}>"


class Paused:
    """Wraps a ledger, a gateway or a bus: the process pauses before and after each call."""

    def __init__(self, target: Any, process: Process) -> None:
        self._target = target
        self._process = process

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._target, name)
        if not callable(found):
            return found

        def call(*arguments: Any, **named: Any) -> Any:
            self._process.pause(f"before {name}")
            try:
                return getattr(self._target, name)(*arguments, **named)
            finally:
                self._process.pause(f"after {name}")

        return call
