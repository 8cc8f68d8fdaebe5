"""A process that dies at a chosen step: right before a call takes effect, or right after, before it learns of it."""

from typing import Any


class Crash(BaseException):
    """The process is gone. No `except Exception` can hold it."""


class Fuse:
    """Counts the steps of a process: two a call, before and after. At the given one, the process dies."""

    def __init__(self, dies_at: int | None = None) -> None:
        self.dies_at = dies_at
        self.steps: list[str] = []

    def step(self, name: str) -> None:
        """One step further."""
        self.steps.append(name)
        if len(self.steps) - 1 == self.dies_at:
            raise Crash(name)


class Wired:
    """Stands in for a ledger, a gateway or a bus whose calls may be the last thing a process does."""

    def __init__(self, target: Any, fuse: Fuse) -> None:
        self._target = target
        self._fuse = fuse

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._target, name)
        if not callable(found):
            return found

        def call(*arguments: Any, **named: Any) -> Any:
            self._fuse.step(f"before {name}")
            try:
                return getattr(self._target, name)(*arguments, **named)
            finally:
                self._fuse.step(f"after {name}")

        return call
