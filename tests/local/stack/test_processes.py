"""A child process ends with its parent and leaves no directory behind."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from local.stack import environment
from local.stack.errors import ProcessEndedError, TookTooLongError
from local.stack.processes import Process, make_directory, start

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]

# Starts another program, as MiniStack starts its workers, writes both process ids, and ignores SIGTERM.
FAMILY = """
import os, pathlib, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
draft = pathlib.Path(sys.argv[1] + ".draft")
draft.write_text(f"{os.getpid()} {child.pid}")
draft.rename(sys.argv[1])
time.sleep(60)
"""

PARENT = """
import pathlib, sys, time
from local.stack import environment
from local.stack.processes import start
directory = pathlib.Path(sys.argv[1])
ids, manifest = directory.parent / "ids", directory.parent / "manifest"
command = [sys.executable, "-c", sys.argv[2], str(ids)]
process = start("family", directory, command, env=environment.plain(directory), remove=[manifest])
process.wait_until(ids.exists, 20)
print("started", flush=True)
time.sleep(60)
"""


def eventually(true: Callable[[], bool], timeout: float = 60.0) -> bool:
    deadline = time.monotonic() + timeout
    while not (held := true()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return held


def gone(pid: int) -> bool:
    """A zombie counts as gone: it has ended and was not reaped yet."""
    try:
        if sys.platform.startswith("linux"):
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
        os.kill(pid, 0)
    except (FileNotFoundError, ProcessLookupError):
        return True
    return False


def started(command: str, *arguments: str, directory: Path | None = None) -> Process:
    directory = directory or make_directory("test")
    return start(
        "a test's child", directory, [sys.executable, "-c", command, *arguments], env=environment.plain(directory)
    )


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGTERM], ids=lambda s: s.name)
def test_all_descendants_end_with_a_killed_parent(tmp_path: Path, signum: signal.Signals) -> None:
    directory, manifest = tmp_path / "room", tmp_path / "manifest"
    directory.mkdir()
    manifest.write_text("{}")
    command = [sys.executable, "-c", PARENT, str(directory), FAMILY]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "started\n"
        ids = [int(pid) for pid in (tmp_path / "ids").read_text().split()]
        assert not any(gone(pid) for pid in ids)
        parent.send_signal(signum)
    assert eventually(lambda: all(gone(pid) for pid in ids))
    # The supervisor removes one path after the other, after the processes have ended.
    assert eventually(lambda: not directory.exists() and not manifest.exists())


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="PR_SET_PDEATHSIG is Linux's")
def test_the_command_ends_with_a_killed_supervisor(tmp_path: Path) -> None:
    process = started(FAMILY, str(tmp_path / "ids"))
    try:
        process.wait_until((tmp_path / "ids").exists, 20)
        parent, _ = (int(pid) for pid in (tmp_path / "ids").read_text().split())
        os.kill(int(Path(f"/proc/{parent}/stat").read_text().rpartition(")")[2].split()[1]), signal.SIGKILL)
        assert eventually(lambda: gone(parent))
    finally:
        for pid in (tmp_path / "ids").read_text().split():
            with contextlib.suppress(ProcessLookupError):  # it may end between the look and the kill
                if not gone(int(pid)):
                    os.kill(int(pid), signal.SIGKILL)
        process.release()


def test_a_release_ends_a_command_that_ignores_sigterm_and_removes_the_directory(tmp_path: Path) -> None:
    process = started(FAMILY, str(tmp_path / "ids"))
    process.wait_until((tmp_path / "ids").exists, 20)
    process.release()
    assert eventually(lambda: all(gone(int(pid)) for pid in (tmp_path / "ids").read_text().split()))
    assert not process.directory.exists()
    assert not process.alive


def test_a_child_that_a_finished_command_left_running_is_ended(tmp_path: Path) -> None:
    leaving = (
        "import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']).pid)"
    )
    process = started(leaving)
    try:
        assert process.wait(20) == 0
        left = int(process.written())
        assert eventually(lambda: gone(left))
        assert not process.directory.exists()
    finally:
        process.release()


def test_an_early_end_is_an_error_with_the_output() -> None:
    process = started("import sys; sys.exit('no such luck')")
    try:
        with pytest.raises(ProcessEndedError, match=r"ended with code 1(?s:.*)no such luck"):
            process.wait_until(lambda: False, 20)
    finally:
        process.release()


def test_waiting_is_bounded() -> None:
    process = started("import time; print('thinking', flush=True); time.sleep(60)")
    try:
        process.wait_until(lambda: "thinking" in process.written(), 20)
        with pytest.raises(TookTooLongError, match="thinking"):
            process.wait_until(lambda: False, 0.1)
        with pytest.raises(TookTooLongError, match="thinking"):
            process.wait(0.1)
    finally:
        process.release()


def test_a_child_sees_neither_an_aws_account_nor_a_proxy(tmp_path: Path) -> None:
    developer = {"PATH": "/bin", "AWS_PROFILE": "production", "HTTPS_PROXY": "http://proxy", "HOME": "/home/dev"}
    seen = environment.plain(tmp_path, developer)
    assert seen["PATH"] == "/bin"
    assert seen["HOME"] == seen["TMPDIR"] == str(tmp_path)
    assert not {"AWS_PROFILE", "HTTPS_PROXY"} & set(seen)
