"""The hunt (`python -m tests.proof.hunt`): each mutant in a copy of its own, and who should notice it must fail.

With words as arguments, only the mutants whose names hold one of them. `--table` writes docs/mutants.md instead.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.house.checkout import ROOT
from tests.proof.mutants import MUTANTS, Mutant

TABLE = ROOT / "docs" / "mutants.md"
NEEDED = ("functions", "tests", "local", "pyproject.toml", "template.yaml")
PYTEST = (sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider")

_HEAD = """# Mutants

Tests that have never failed prove little. `make mutants` breaks the deployed code on purpose, in one place at a time,
and runs the tests that should notice: each of them must fail. Each line below is one breakage, and who catches it.
The list is `tests/proof/mutants.py`; this page is made of it (`python -m tests.proof.hunt --table`).

| broken on purpose | in `functions/payments/` | caught by |
|---|---|---|
"""


def table() -> str:
    """docs/mutants.md as it should be."""
    return _HEAD + "".join(
        f"| {mutant.name} | `{mutant.path}` | {', '.join(f'`{suite}`' for suite in mutant.caught_by)} |\n"
        for mutant in MUTANTS
    )


def broken(text: str, mutant: Mutant) -> str:
    """The code with the mutant in it. Raises ValueError when it no longer fits the code."""
    if text.count(mutant.old) != 1:
        raise ValueError(f"{mutant.path} has {text.count(mutant.old)} places for: {mutant.name}")
    return text.replace(mutant.old, mutant.new)


def hunted(mutant: Mutant, house: Path) -> Iterator[str]:
    """Runs what should catch a mutant, in the copy; yields a line for each run, and raises SystemExit at a survivor."""
    source = house / "functions" / "payments" / mutant.path
    whole = source.read_text()
    source.write_text(broken(whole, mutant))
    try:
        for suite in mutant.caught_by:
            began = time.monotonic()
            code, said = ran(house, suite)
            if code != 1:  # pytest: 0 is all passed, 1 is that tests failed, more is that it could not run them
                raise SystemExit(f"SURVIVED (pytest said {code}): {mutant.name}, in spite of {suite}\n{said[-3000:]}")
            yield f"caught in {time.monotonic() - began:4.0f} s: {mutant.name} ({suite})"
    finally:
        source.write_text(whole)


def ran(house: Path, suite: str, proof: str = "mutant") -> tuple[int, str]:
    """Pytest's exit code and words."""
    environment = {**os.environ, "PROOF": proof, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [*PYTEST, suite], cwd=house, env=environment, capture_output=True, text=True, check=False, timeout=600
    )
    return done.returncode, done.stdout + done.stderr


def copied(house: Path) -> None:
    """What the tests need, without what has been made of it."""
    for name in NEEDED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, house / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, house / name)


def main(words: Sequence[str]) -> None:
    """Hunts all mutants, or those that are named."""
    if "--table" in words:
        TABLE.write_text(table())
        return
    chosen = [mutant for mutant in MUTANTS if not words or any(word in mutant.name for word in words)]
    with tempfile.TemporaryDirectory(prefix="payments-mutants-") as room:
        house = Path(room)
        copied(house)
        for suite in sorted({suite for mutant in chosen for suite in mutant.caught_by}):
            code, said = ran(house, suite, proof="fast")
            if code != 0:
                raise SystemExit(f"{suite} fails without any mutant:\n{said[-3000:]}")
        for nth, mutant in enumerate(chosen, 1):
            for line in hunted(mutant, house):
                sys.stdout.write(f"{nth}/{len(chosen)} {line}\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
