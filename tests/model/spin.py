"""Runs a model in spin: every interleaving, and the shortest trace to a violation."""

import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

MISSING = [name for name in ("spin", "gcc") if shutil.which(name) is None]
"""The programs that are needed and not installed (Debian: apt-get install spin gcc)."""

MEGABYTES = 3000


@dataclass(frozen=True, slots=True)
class Explored:
    """The result of an exhaustive run. `violation` is None when there is none; `steps`: the trace that leads to it."""

    states: int
    violation: str | None
    steps: tuple[str, ...]


def explore(model: str, *, shortest: bool = False) -> Explored:
    """Explores all states. `shortest` finds the shortest trace. Raises RuntimeError when the run was not exhaustive."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "charge.pml").write_text(model)
        _run(place, "spin", "-a", "charge.pml")
        search = ["-DBFS"] if shortest else []
        _run(place, "gcc", "-O0", "-w", "-DSAFETY", f"-DMEMLIM={MEGABYTES}", *search, "-o", "pan", "pan.c")
        output = _run(place, "./pan", "-m200000", "-w24")
        found = re.search(r"^pan:\d+: (.+?) \(at depth", output, re.MULTILINE)
        stored = re.search(r"(\d+) states, stored", output)
        cut = re.search(r"error: max search depth|out of memory|Search not completed", output)
        if stored is None or (cut and not found):
            raise RuntimeError(f"the search was not exhaustive:\n{output}")
        return Explored(int(stored[1]), found and found[1], _steps(place) if found else ())


def _steps(place: Path) -> tuple[str, ...]:
    replayed = _run(place, "./pan", "-r", "-n")
    return tuple(re.findall(r"STEP (.+)$", replayed, re.MULTILINE))


def _run(place: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
    if done.returncode and not command[0].endswith("pan"):
        raise RuntimeError(f"{' '.join(command)}:\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr
