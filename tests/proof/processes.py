"""Processes that go on exactly as far as they are told, so that any two can be interleaved, and any one can die.

Each runs in a thread of its own, but only one thread ever runs: whoever lets a process go on waits until it pauses.
"""

import threading
from collections.abc import Callable
from typing import Any

from tests.fakes.crashing_ledger import Crash

PATIENCE = 30.0
"""Seconds; a process that neither pauses nor ends within them hangs, and that is a failure of the proof itself."""


class Process:
    """One invocation of a function. It pauses before and after each call to the ledger, the gateway and the bus."""

    def __init__(self, name: str, dies_at: float, work: Callable[["Process"], object]) -> None:
        self.name = name
        self.dies_at = dies_at
        self.at = "the beginning"
        self.result: object = None
        self.error: BaseException | None = None
        self._work = work
        self._killed = False
        self._go, self._paused = threading.Semaphore(0), threading.Semaphore(0)
        self._thread = threading.Thread(target=self._live, daemon=True, name=name)
        self._thread.start()

    @property
    def is_over(self) -> bool:
        """It has returned, raised or died."""
        return self.at == "the end"

    def go_on(self, steps: int | None = None) -> None:
        """So many steps further, or to the end."""
        while not self.is_over and steps != 0:
            self._go.release()
            assert self._paused.acquire(timeout=PATIENCE), f"{self.name} hangs at {self.at}"
            steps = None if steps is None else steps - 1

    def die(self) -> None:
        """Dies where it is."""
        self._killed = True
        self.go_on()
        self._thread.join(PATIENCE)

    def step(self, name: str) -> None:
        """A pause, in the process's own thread."""
        self.at = name
        self._paused.release()
        self._go.acquire()
        if self._killed:
            raise Crash(name)

    def _live(self) -> None:
        self._go.acquire()
        try:
            self.result = None if self._killed else self._work(self)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the proof wants to see it
            self.error = error
        self.at = "the end"
        self._paused.release()

    def __repr__(self) -> str:
        return f"<{self.name}, at {self.at}>"


class Paused:
    """Stands in for a ledger, a gateway or a bus: the process pauses before and after each call."""

    def __init__(self, target: Any, process: Process) -> None:
        self._target = target
        self._process = process

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._target, name)
        if not callable(found):
            return found

        def call(*arguments: Any, **named: Any) -> Any:
            self._process.step(f"before {name}")
            try:
                return getattr(self._target, name)(*arguments, **named)
            finally:
                self._process.step(f"after {name}")

        return call
