"""Starts mutmut so that its time limits end its own children alone. Run as a script, with mutmut's arguments.

Mutmut signals each mutant's process id when its time would have been up, also long after that process has ended. By
then the id may be another program's.
"""

import os
from types import SimpleNamespace

from mutmut.workers import timeout


def signal_own(pid: int, signal: int) -> None:
    """Sends a signal to a process of this process's group, and to no other. Raises ProcessLookupError."""
    if os.getpgid(pid) == os.getpgid(0):
        os.kill(pid, signal)


def main() -> None:
    """See the module."""
    vars(timeout)["os"] = SimpleNamespace(kill=signal_own, getpid=os.getpid)
    from mutmut.__main__ import cli  # noqa: PLC0415 - its import decides how processes are started

    cli()


if __name__ == "__main__":
    main()
