"""Runs one command, and ends it with all its descendants when the pipe on standard input is closed.

The parent closes the pipe to stop the command. When the parent is killed, the kernel closes it.
This file is run as a script with the standard library alone, so it starts fast and in any environment:

    python supervisor.py [--remove PATH]… [--grace SECONDS] -- COMMAND…

The paths are removed after the command has ended.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def _killed_with_supervisor() -> Callable[[], None] | None:
    """On Linux the kernel kills the command when the supervisor is killed. Other systems cannot do that."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _signal_all(command: subprocess.Popen[bytes], signum: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(command.pid, signum)


def _end(command: subprocess.Popen[bytes], grace: float) -> None:
    _signal_all(command, signal.SIGTERM)
    try:
        command.wait(grace)
    except subprocess.TimeoutExpired:
        _signal_all(command, signal.SIGKILL)


def _end_when_released(command: subprocess.Popen[bytes], grace: float) -> None:
    while os.read(0, 64):
        pass
    _end(command, grace)


def _remove(paths: Iterable[str]) -> None:
    for path in paths:
        shutil.rmtree(path, ignore_errors=True)
        with contextlib.suppress(OSError):
            Path(path).unlink()


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--remove", action="append", default=[])
    parser.add_argument("--grace", type=float, default=3.0)
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    command = subprocess.Popen(
        options.command,
        stdin=subprocess.DEVNULL,
        process_group=0,
        close_fds=False,  # the command inherits the listening socket of the parent
        preexec_fn=_killed_with_supervisor(),  # noqa: PLW1509 - this process still has a single thread
    )
    signal.signal(signal.SIGTERM, lambda *_: _signal_all(command, signal.SIGTERM))
    threading.Thread(target=_end_when_released, args=(command, options.grace), daemon=True).start()
    code = command.wait()
    _signal_all(command, signal.SIGKILL)  # its descendants may still run
    _remove(options.remove)
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    # os._exit does not wait for the thread that still reads the pipe.
    os._exit(main())
