"""Explores the model, and the model with each guard broken (`python -m tests.model`). Exits 1 on a surprise.

`--print` writes the model instead.
"""

import sys
import time

from tests.model.promela import GUARDS, HARMLESS, INSTANCES, Bounds, model
from tests.model.spin import MISSING, explore


def main() -> int:
    """The exit code."""
    if "--print" in sys.argv:
        sys.stdout.write(model())
        return 0
    if MISSING:
        sys.stderr.write(f"not installed: {', '.join(MISSING)}\n")
        return 1
    whole = [(f"the guards as they are, {name}", None, bounds) for name, bounds in INSTANCES.items()]
    mutants = [(guard.broken_name, guard.broken_name, Bounds()) for guard in GUARDS]
    surprises = 0
    for title, broken, bounds in [*whole, *mutants]:
        started = time.monotonic()
        must_hold = broken is None or broken in HARMLESS
        instance = INSTANCES["two requests and the follow-up"] if broken in HARMLESS else bounds
        explored = explore(model(broken, instance), shortest=not must_hold)
        is_expected = (explored.violation is None) is must_hold
        surprises += not is_expected
        sys.stdout.write(
            f"{'ok' if is_expected else 'SURPRISE'}: {title}: "
            f"{explored.violation or 'no violation'}; {explored.states} states, {time.monotonic() - started:.0f} s\n"
        )
        sys.stdout.writelines(f"    {step}\n" for step in explored.steps)
        sys.stdout.flush()
    return 1 if surprises else 0


if __name__ == "__main__":
    sys.exit(main())
