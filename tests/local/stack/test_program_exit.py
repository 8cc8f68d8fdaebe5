"""The last line and the exit code of a program that runs a stack."""

import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
START = """
import sys
from local.stack.program_exit import exit_code_of
from local.stack.errors import SettingError
from local.stack.signals import wait_for_signal
"""


def started(program: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", START + program]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_finished_program_prints_nothing() -> None:
    with started("sys.exit(exit_code_of(lambda: None, last_line='Gone.'))") as process:
        assert process.communicate(timeout=20) == ("", "")
    assert process.returncode == 0


def test_a_stack_error_is_printed_as_a_sentence_without_a_traceback() -> None:
    program = """
def program():
    raise SettingError("This cannot be used.")
sys.exit(exit_code_of(program, last_line="Gone."))
"""
    with started(program) as process:
        assert process.communicate(timeout=20) == ("", "\nThis cannot be used.\n")
    assert process.returncode == 1


def test_a_signal_prints_the_last_line_and_sets_the_exit_code() -> None:
    program = """
def program():
    print("waiting", flush=True)
    wait_for_signal()
sys.exit(exit_code_of(program, last_line="Gone."))
"""
    with started(program) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=20)[1] == "\nGone.\n"
    assert process.returncode == 128 + signal.SIGINT
