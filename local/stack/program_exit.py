"""How every program around the stack ends: what it says last, and the code that it exits with."""

from __future__ import annotations

import sys
from collections.abc import Callable

from local.stack.errors import StackError
from local.stack.progress import say
from local.stack.signals import Ended, ending_in_order

STACK_IS_GONE = "The stack is down, and nothing of it is left."


def ran(program: Callable[[], None], *, farewell: str | None = None) -> int:
    """The exit code: 0 when it is done, 1 when the stack cannot do it, 128 and the signal when it is told to end."""
    try:
        with ending_in_order():
            program()
    except Ended as ended:
        if farewell is not None:
            say(f"\n{farewell}", sys.stderr)
        return ended.exit_code
    except StackError as error:
        say(f"\n{error}", sys.stderr)
        return 1
    return 0
