"""Runs a model in spin: every interleaving, and the shortest trace to a violation."""

import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MEGABYTES: Final = 3000
PROGRAMS: Final = ("spin", "gcc")
COMPILE: Final = ("gcc", "-O0", "-w", "-DSAFETY", f"-DMEMLIM={MEGABYTES}")
"""Unoptimised: the checker is one large function, which takes gcc longer to optimise than it saves."""


class NotInstalled(RuntimeError):
    """A program that the model needs is not there."""


@dataclass(frozen=True, slots=True)
class Explored:
    """The result of an exhaustive run. `violation` is None when there is none; `steps`: the trace that leads to it."""

    states: int
    violation: str | None
    steps: tuple[str, ...]


def explore(model: str, *, shortest: bool = False) -> Explored:
    """Explores all states, and keeps each in full: no hash stands for one. `shortest` finds the shortest trace.

    Everything is written to a temporary directory, which is removed also on an interrupt. Raises RuntimeError when the
    run was not exhaustive, and NotInstalled.
    """
    if missing := [name for name in PROGRAMS if shutil.which(name) is None]:
        raise NotInstalled(
            f"not installed: {', '.join(missing)} (`make setup-spin`, or Debian: apt-get install spin gcc libc6-dev)"
        )
    with tempfile.TemporaryDirectory(prefix="payments-model-") as folder:
        place = Path(folder)
        # A search by breadth knows no hidden variables. They are scratch: it only sees some states twice.
        (place / "charge.pml").write_text(model.replace("hidden byte", "byte") if shortest else model)
        _run(place, "spin", "-a", "charge.pml")
        _run(place, *COMPILE, "-DBFS" if shortest else "-DCOLLAPSE", "-o", "pan", "pan.c")
        output = _run(place, "./pan", "-m1000000", "-w23")
        found = re.search(r"^pan:\d+: (.+?) \(at depth", output, re.MULTILINE)
        stored = re.search(r"(\d+) states, stored", output)
        cut = re.search(r"error: max search depth|out of memory|Search not completed", output)
        if stored is None or (cut and not found):
            raise RuntimeError(f"the search was not exhaustive:\n{output}")
        return Explored(int(stored[1]), found and found[1], _steps(place) if found else ())


def _steps(place: Path) -> tuple[str, ...]:
    replayed = _run(place, "./pan", "-r", "-n")
    return tuple(re.findall(r"^\s*STEP (.+)$", replayed, re.MULTILINE))


def _run(place: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
    if done.returncode and not command[0].endswith("pan"):
        raise RuntimeError(f"{' '.join(command)}:\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr
