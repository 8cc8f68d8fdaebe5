"""Explores the model, and the model with each guard broken (`python -m tests.model`). Exits 1 on a surprise.

`--print` writes the model instead. Ctrl-C ends the checker and leaves nothing behind.
"""

import sys
import time

from tests.model.broken import kept, replayed
from tests.model.promela import GUARDS, INSTANCES, Guard, model
from tests.model.spin import Explored, NotInstalled, explore


def main() -> int:
    """The exit code."""
    if "--print" in sys.argv:
        sys.stdout.write(model())
        return 0
    try:
        surprises = [not _holds(name) for name in INSTANCES] + [not _costs(guard) for guard in GUARDS]
    except NotInstalled as error:
        sys.stderr.write(f"the model cannot run: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return 130
    return 1 if any(surprises) else 0


def _holds(name: str) -> bool:
    """Whether all promises hold in an instance."""
    started = time.monotonic()
    explored = explore(model(bounds=INSTANCES[name]))
    _report(f"as it is, {name}", explored, started, is_expected=explored.violation is None)
    return explored.violation is None


def _costs(guard: Guard) -> bool:
    """Whether the model with the guard broken breaks its promise, and the code with it broken does so on that trace."""
    started = time.monotonic()
    explored = explore(model(guard.broken_name, guard.bounds), shortest=True)
    is_found = guard.breaks(explored.violation)
    is_reproduced = is_found and guard.costs in replayed(guard.broken_name, explored.steps)
    is_kept = not kept(explored.steps)
    _report(guard.broken_name, explored, started, is_expected=is_reproduced and is_kept)
    if is_reproduced:
        sys.stdout.write("    the code without the guard breaks the same promise on this trace\n")
    return is_reproduced and is_kept


def _report(title: str, explored: Explored, started: float, *, is_expected: bool) -> None:
    sys.stdout.write(
        f"{'ok' if is_expected else 'SURPRISE'}: {title}: {explored.violation or 'no violation'}; "
        f"{explored.states:,} states, {time.monotonic() - started:.0f} s\n"
    )
    sys.stdout.writelines(f"    {step}\n" for step in explored.steps)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
