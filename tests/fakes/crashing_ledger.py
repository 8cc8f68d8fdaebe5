"""A process that dies at a chosen step: right before a call takes effect, or right after, before the result arrives."""

from typing import Any


class Crash(BaseException):
    """The end of the process. No `except Exception` can catch it."""


class CrashPoint:
    """Counts the steps of a process, two a call: before and after it. The process dies at step `dies_at`, from 0."""

    def __init__(self, dies_at: int | None = None) -> None:
        self.dies_at = dies_at
        self.steps: list[str] = []

    def step(self, name: str) -> None:
        """Counts one step. Raises Crash when it is the last one."""
        self.steps.append(name)
        if len(self.steps) - 1 == self.dies_at:
            raise Crash(name)


class CrashingProxy:
    """Wraps a ledger, a gateway or a bus: the process may die before or after each call."""

    def __init__(self, target: Any, crash_point: CrashPoint) -> None:
        self._target = target
        self._fuse = crash_point

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
