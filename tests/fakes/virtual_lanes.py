"""The lanes of a run on a clock of the test: as many workers as the real ones, in one thread and in virtual time."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

from payments.follow_up.lanes import Lane, Task
from tests.fakes.clock import SettableClock


@dataclass(frozen=True)
class _Waiting:
    task: Task
    since: datetime


class VirtualLanes:
    """Meets Lanes. A task begins when a worker of its lane is free, and takes as long as it moves the clock.

    Tasks begin in the order of their times, and each is done as a whole: they do not interleave.
    """

    def __init__(self, clock: SettableClock, askers: int, publishers: int) -> None:
        self.askers, self.publishers = askers, publishers
        self._clock = clock
        self._tasks: dict[Lane, deque[_Waiting]] = {lane: deque() for lane in Lane}
        workers = {Lane.ASKING: askers, Lane.PUBLISHING: publishers}
        self._free_at = {lane: [clock()] * count for lane, count in workers.items()}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, traceback: TracebackType | None) -> None:
        assert error is not None or self.is_idle

    def submit(self, lane: Lane, task: Task) -> None:
        """See `Lanes.submit`."""
        self._tasks[lane].append(_Waiting(task, self._clock()))

    def waiting(self, lane: Lane) -> int:
        """See `Lanes.waiting`."""
        return len(self._tasks[lane])

    @property
    def is_idle(self) -> bool:
        """See `Lanes.is_idle`."""
        return not any(self._tasks.values())

    def wait(self, until: Callable[[], bool]) -> None:
        """See `Lanes.wait`. The caller's time is then that of the last task's beginning; at the end, of its end."""
        now = self._clock()
        while not until() and not self.is_idle:
            now = max(now, self._do_next())
        self._clock.now = (
            max([now, *(each for lane in self._free_at.values() for each in lane)]) if self.is_idle else now
        )

    def _do_next(self) -> datetime:
        begins = {lane: max(tasks[0].since, min(self._free_at[lane])) for lane, tasks in self._tasks.items() if tasks}
        lane = min(begins, key=lambda each: begins[each])
        workers = self._free_at[lane]
        worker = workers.index(min(workers))
        self._clock.now = begins[lane]
        self._tasks[lane].popleft().task()
        workers[worker] = self._clock()
        return begins[lane]


class Slowed:
    """A ledger, a gateway or a bus that takes some seconds of the test's clock for each call of these methods."""

    def __init__(self, target: Any, clock: SettableClock, **seconds: float) -> None:
        self._target, self._clock, self._seconds = target, clock, seconds

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._target, name)
        if name not in self._seconds:
            return found

        def call(*arguments: Any, **named: Any) -> Any:
            self._clock.now += timedelta(seconds=self._seconds[name])
            return found(*arguments, **named)

        return call
