"""Many requests at the same time, and the retry that a real client makes when it is throttled."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, TypeVar

from local.stack import Shop
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


def start_charge_functions(shop: Shop, count: int) -> None:
    """Lets the emulator start so many processes of the charge function, which takes a busy machine half a minute.

    Without it the first requests of a burst would time out, and hardly any two of them would run at the same time.
    """
    read_nothing = partial(shop.get, f"/charges/pay_{'a' * 26}")
    deadline = time.monotonic() + DEADLINE_SECONDS
    while {answer.status for answer in at_once([read_nothing] * count)} != {404}:
        assert time.monotonic() < deadline, "the emulator cannot start so many processes"
