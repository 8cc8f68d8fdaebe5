"""The exit code and the last line of every program that runs a stack."""

from __future__ import annotations

import sys
from collections.abc import Callable

from local.stack.errors import StackError
from local.stack.progress import print_line
from local.stack.signals import Terminated, orderly_shutdown

STACK_STOPPED = "The stack is stopped, and all its files are removed."


def exit_code_of(program: Callable[[], None], *, last_line: str | None = None) -> int:
    """Runs the program. Returns 0 on success, 1 on a StackError, or 128 plus the signal's number."""
    try:
        with orderly_shutdown():
            program()
    except Terminated as ended:
        if last_line is not None:
            print_line(f"\n{last_line}", sys.stderr)
        return ended.exit_code
    except StackError as error:
        print_line(f"\n{error}", sys.stderr)
        return 1
    return 0
