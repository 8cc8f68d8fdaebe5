"""A signal, a killed parent and a lost terminal all end the program with the same orderly shutdown."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]

# The default handling comes first: under nohup this test process passes on that SIGHUP is ignored.
WAITING = """
import signal, sys
signal.signal(signal.SIGHUP, signal.SIG_DFL)
from local.stack.signals import Terminated, orderly_shutdown, wait_for_signal
try:
    with orderly_shutdown():
        print("waiting", flush=True)
        wait_for_signal()
except Terminated as ended:
    print("taken down", flush=True)
    sys.exit(ended.exit_code)
"""

# As make does: waits for one child, and passes no signal on when it is killed.
PARENT = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]])"


def waiting(*command: str) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", *command], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "waiting\n"
    return process


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda s: s.name)
def test_each_signal_takes_the_program_down_in_order(signum: signal.Signals) -> None:
    with waiting(WAITING) as process:
        process.send_signal(signum)
        assert process.communicate(timeout=20)[0] == "taken down\n"
    assert process.returncode == 128 + signum


def test_under_nohup_a_hangup_is_ignored_and_another_signal_still_ends_the_program() -> None:
    with waiting(WAITING.replace("SIG_DFL", "SIG_IGN")) as process:
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=20)[0] == "taken down\n"
    assert process.returncode == 128 + signal.SIGTERM


def test_a_parent_killed_outright_takes_the_program_down_in_order() -> None:
    with waiting(PARENT, WAITING) as parent:
        parent.kill()
        assert parent.communicate(timeout=20)[0] == "taken down\n"


def test_a_terminal_that_is_gone_takes_the_program_down_in_order(tmp_path: Path) -> None:
    """The kernel sends SIGHUP to the session leader alone; a make in that place only waits for its children."""
    ours, theirs = os.openpty()
    with (tmp_path / "out").open("w") as out:
        command = [sys.executable, "-c", WAITING]
        process = subprocess.Popen(command, cwd=ROOT, stdin=theirs, stdout=out, start_new_session=True)
    os.close(theirs)
    while "waiting" not in (tmp_path / "out").read_text():
        assert process.poll() is None
        time.sleep(0.02)
    os.close(ours)
    assert process.wait(20) == 128 + signal.SIGTERM
    assert (tmp_path / "out").read_text() == "waiting\ntaken down\n"


def test_a_gateway_on_another_machine_is_refused_before_anything_starts() -> None:
    env = os.environ | {"GATEWAY_URL": "https://backend.pay.agency"}
    command = [sys.executable, "-m", "local.stack", "up"]
    ran = subprocess.run(command, cwd=ROOT, env=env, check=False, capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "must be on this machine" in ran.stderr


def test_the_demo_wants_the_simulator() -> None:
    env = os.environ | {"GATEWAY_URL": "http://127.0.0.1:1"}
    command = [sys.executable, "-m", "local.demo"]
    ran = subprocess.run(command, cwd=ROOT, env=env, check=False, capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "make up" in ran.stderr
