"""Progress lines on the terminal, each with the seconds since the start."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable
from typing import TextIO


def progress_printer(out: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> Callable[[str], None]:
    out = out or sys.stdout
    started = clock()

    def note(text: str) -> None:
        print_line(f"{clock() - started:6.1f} s  {text}", out)

    return note


def print_line(text: str, out: TextIO) -> None:
    """The terminal may be closed while the stack is still being stopped: that is no error."""
    with contextlib.suppress(OSError, ValueError):
        out.write(f"{text}\n")
        out.flush()
