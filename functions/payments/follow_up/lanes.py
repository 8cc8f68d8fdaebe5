"""The two lanes of a run. One publishes, one asks the gateway, and neither waits for the other.

`InTurn` does one task after the other, in the caller's thread, always in the same order. `Threads` does many at once.
"""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from types import TracebackType
from typing import Final, Protocol, Self

PUBLISHERS: Final = 8
"""Threads that lease and publish. A payment takes them about 40 ms: 200 payments a second, and a run needs 65."""

ROOM: Final = 100
"""Due payments that wait for a thread of their lane: enough work for two seconds, and little memory."""

MAX_WAITING: Final = 1000
"""Leased payments that wait for a question, about 5 KB each. Further ones are asked about when their lease ends."""

Task = Callable[[], None]


class Lane(Enum):
    """What a task needs: the bus, or the gateway."""

    PUBLISHING = "publishing"
    ASKING = "asking"


class Lanes(Protocol):
    """Does the tasks of both lanes. Used in a `with`: at its end nothing runs any more."""

    askers: int
    """How many questions are asked at once."""
    publishers: int

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, error: object, traceback: TracebackType | None) -> None: ...

    def submit(self, lane: Lane, task: Task) -> None:
        """Takes a task. The tasks of a lane begin in the order in which they were taken."""

    def waiting(self, lane: Lane) -> int:
        """The tasks of a lane that have not begun."""

    @property
    def is_idle(self) -> bool:
        """Whether no task waits or runs."""

    def wait(self, until: Callable[[], bool]) -> None:
        """Returns as soon as `until` holds, or nothing is left to do. Raises what ended a task."""


class InTurn:
    """One task at a time: a publication before a question, unless too many questions wait."""

    askers = publishers = 1

    def __init__(self) -> None:
        self._tasks: dict[Lane, deque[Task]] = {lane: deque() for lane in Lane}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, traceback: TracebackType | None) -> None:
        for tasks in self._tasks.values():
            tasks.clear()

    def submit(self, lane: Lane, task: Task) -> None:
        """See `Lanes.submit`."""
        self._tasks[lane].append(task)

    def waiting(self, lane: Lane) -> int:
        """See `Lanes.waiting`."""
        return len(self._tasks[lane])

    @property
    def is_idle(self) -> bool:
        """See `Lanes.is_idle`."""
        return not any(self._tasks.values())

    def wait(self, until: Callable[[], bool]) -> None:
        """See `Lanes.wait`."""
        publications, questions = self._tasks[Lane.PUBLISHING], self._tasks[Lane.ASKING]
        while not until() and not self.is_idle:
            asks = not publications or len(publications) < ROOM <= len(questions)
            (questions if asks else publications).popleft()()


class Threads:
    """So many threads for each lane. An exception that no task handles ends the run when the running tasks are done."""

    def __init__(self, askers: int, publishers: int = PUBLISHERS) -> None:
        self.askers, self.publishers = askers, publishers
        self._changed = threading.Condition()
        self._waiting = dict.fromkeys(Lane, 0)
        self._running = 0
        self._error: BaseException | None = None
        self._stopped = False
        sizes = {Lane.ASKING: askers, Lane.PUBLISHING: publishers}
        self._pools = {lane: ThreadPoolExecutor(size, lane.value) for lane, size in sizes.items()}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, traceback: TracebackType | None) -> None:
        with self._changed:
            self._stopped = True
        for pool in self._pools.values():
            pool.shutdown(wait=True, cancel_futures=True)  # what runs is finished, what waits stays due

    def submit(self, lane: Lane, task: Task) -> None:
        """See `Lanes.submit`."""
        with self._changed:
            if self._stopped:
                return
            self._waiting[lane] += 1
            self._pools[lane].submit(self._do, lane, task)

    def waiting(self, lane: Lane) -> int:
        """See `Lanes.waiting`."""
        with self._changed:
            return self._waiting[lane]

    @property
    def is_idle(self) -> bool:
        """See `Lanes.is_idle`."""
        with self._changed:
            return not self._running and not any(self._waiting.values())

    def wait(self, until: Callable[[], bool]) -> None:
        """See `Lanes.wait`."""
        with self._changed:
            self._changed.wait_for(lambda: self._error is not None or until() or self.is_idle)
            if self._error is not None:
                raise self._error

    def _do(self, lane: Lane, task: Task) -> None:
        with self._changed:
            self._waiting[lane] -= 1
            self._running += 1
            self._changed.notify_all()
        try:
            if not self._stopped:
                task()
        except BaseException as error:  # noqa: BLE001 - raised again in the run's own thread
            with self._changed:
                self._error, self._stopped = self._error or error, True
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()
