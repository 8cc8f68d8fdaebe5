"""Every polite way to end a program leads through the same door as Ctrl-C, so that what was started is taken down."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from types import FrameType

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LOOK_SECONDS = 1.0


class Ended(KeyboardInterrupt):
    def __init__(self, signum: int) -> None:
        self.signum = signum
        super().__init__(signal.Signals(signum).name)

    @property
    def exit_code(self) -> int:
        return 128 + self.signum


def _raise(signum: int, _: FrameType | None) -> None:
    # Once is enough: a second Ctrl-C must not interrupt the taking down.
    for each in _ENDING:
        signal.signal(each, signal.SIG_IGN)
    raise Ended(signum)


@contextlib.contextmanager
def ending_in_order() -> Iterator[None]:
    """SIGINT, SIGTERM, SIGHUP and the death of the parent raise `Ended` in the main thread.

    Under nohup (SIGHUP ignored) somebody wants the program to outlive its terminal and its parent.
    """
    outlives = signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    taken = [signum for signum in _ENDING if not (outlives and signum == signal.SIGHUP)]
    before = {signum: signal.signal(signum, _raise) for signum in taken}
    if not outlives:
        threading.Thread(target=_follow, args=(os.getppid(),), daemon=True).start()
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)


def _follow(parent: int) -> None:
    """A make that was killed outright passes no signal on."""
    pause = threading.Event()
    while os.getppid() == parent:
        pause.wait(_LOOK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)


def wait_for_the_end() -> None:
    while True:
        signal.pause()
