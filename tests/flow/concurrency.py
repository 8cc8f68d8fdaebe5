"""Many requests at the same time, and the retry that a real client makes when it is throttled."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from local.stack.api_client import Answer

DEADLINE_SECONDS: Final = 120.0
TOO_MANY_REQUESTS: Final = 429
T = TypeVar("T")


def at_once(calls: Sequence[Callable[[], T]]) -> list[T]:
    """The results of the calls, all started at the same time."""
    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(lambda call: call(), calls))


def retry_throttled(send: Callable[[], Answer]) -> Answer:
    """The first answer that is not 429: the emulator limits its concurrent functions by the machine's free memory."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while (answer := send()).status == TOO_MANY_REQUESTS and time.monotonic() < deadline:
        time.sleep(0.1)
    return answer
