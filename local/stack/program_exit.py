"""How every program around the stack ends: what it says last, and the code that it exits with."""

from __future__ import annotations

import sys
from collections.abc import Callable

from local.stack.errors import StackError
from local.stack.progress import print_line
from local.stack.signals import Terminated, orderly_shutdown

STACK_STOPPED = "The stack is down, and nothing of it is left."


def exit_code_of(program: Callable[[], None], *, last_line: str | None = None) -> int:
    """The exit code: 0 when it is done, 1 when the stack cannot do it, 128 and the signal when it is told to end."""
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
