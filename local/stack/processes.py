"""Child processes that cannot outlive this one, each with a temporary directory that is removed with it."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from local.stack.errors import ProcessEndedError, TookTooLongError

_SUPERVISOR = Path(__file__).with_name("supervisor.py")
_GRACE = 1.5


def make_directory(name: str) -> Path:
    return Path(tempfile.mkdtemp(prefix=f"payments-{name}-"))


@dataclass(frozen=True)
class Process:
    """A supervised command. `release()`, or the end of this process, ends it with its descendants and its directory."""

    name: str
    directory: Path
    _supervisor: subprocess.Popen[bytes]
    _log: BinaryIO

    @property
    def alive(self) -> bool:
        return self._supervisor.poll() is None

    def written(self) -> str:
        """The output so far. It stays readable after the command has ended, until `release()`."""
        if self._log.closed:
            return ""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    def ended(self) -> ProcessEndedError:
        return ProcessEndedError(self.name, self._supervisor.returncode, self.written())

    def wait(self, timeout: float, every: float = 0.05, meanwhile: Callable[[], None] = lambda: None) -> int:
        deadline = time.monotonic() + timeout
        while self.alive:
            if time.monotonic() > deadline:
                raise TookTooLongError(self.name, timeout, self.written())
            meanwhile()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._supervisor.wait(every)
        return self._supervisor.returncode

    def wait_until(self, ready: Callable[[], bool], timeout: float, every: float = 0.05) -> None:
        deadline = time.monotonic() + timeout
        while not ready():
            if not self.alive:
                raise self.ended()
            if time.monotonic() > deadline:
                raise TookTooLongError(self.name, timeout, self.written())
            time.sleep(every)

    def release(self) -> None:
        if self._supervisor.stdin is not None:
            self._supervisor.stdin.close()
        try:
            self._supervisor.wait(_GRACE + 5)
        except subprocess.TimeoutExpired:
            self._supervisor.kill()
            self._supervisor.wait()
        self._log.close()
        shutil.rmtree(self.directory, ignore_errors=True)


def start(
    name: str,
    directory: Path,
    command: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path | None = None,
    pass_fds: Iterable[int] = (),
    remove: Iterable[Path] = (),
) -> Process:
    removals = [part for path in (directory, *remove) for part in ("--remove", str(path))]
    with (directory / "log").open("wb") as log:
        written = (directory / "log").open("rb")
        supervisor = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_SUPERVISOR), "--grace", str(_GRACE), *removals, "--", *command],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=dict(env),
            cwd=cwd,
            pass_fds=tuple(pass_fds),
            start_new_session=True,  # Ctrl-C reaches this process alone, which then stops the command
        )
    return Process(name, directory, supervisor, written)
