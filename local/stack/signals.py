"""Every signal to end the program raises the same exception, so that everything that was started is stopped."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import threading
from collections.abc import Iterator
from types import FrameType

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_POLL_SECONDS = 1.0


class Terminated(KeyboardInterrupt):
    def __init__(self, signum: int) -> None:
        self.signum = signum
        super().__init__(signal.Signals(signum).name)

    @property
    def exit_code(self) -> int:
        return 128 + self.signum


def _raise(signum: int, _: FrameType | None) -> None:
    # From now on signals are ignored: a second Ctrl-C must not interrupt the shutdown.
    for each in _ENDING:
        signal.signal(each, signal.SIG_IGN)
    raise Terminated(signum)


@contextlib.contextmanager
def orderly_shutdown() -> Iterator[None]:
    """SIGINT, SIGTERM, SIGHUP and the end of the parent or the terminal raise `Terminated` in the main thread.

    Under nohup (SIGHUP is ignored) the program is meant to outlive its terminal and its parent.
    """
    under_nohup = signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    handled = [signum for signum in _ENDING if not (under_nohup and signum == signal.SIGHUP)]
    previous = {signum: signal.signal(signum, _raise) for signum in handled}
    if not under_nohup:
        threading.Thread(target=_end_with_parent, args=(os.getppid(), _terminals()), daemon=True).start()
    try:
        yield
    finally:
        for signum, handler in previous.items():
            signal.signal(signum, handler)


def _end_with_parent(parent: int, terminals: list[int]) -> None:
    """A `make` that was killed, or lost its terminal, passes no signal on to this process."""
    pause = threading.Event()
    while os.getppid() == parent and not _hung_up(terminals):
        pause.wait(_POLL_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)


def _terminals() -> list[int]:
    return [descriptor for descriptor in range(3) if os.isatty(descriptor)]


def _hung_up(terminals: list[int]) -> bool:
    poll = select.poll()
    for descriptor in terminals:
        poll.register(descriptor, 0)
    return any(happened & select.POLLHUP for _, happened in poll.poll(0))


def wait_for_signal() -> None:
    while True:
        signal.pause()
