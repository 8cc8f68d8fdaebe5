"""Runs each mutant in a copy of the project and expects its tests to fail (`python -m tests.proof.hunt`).

Arguments select mutants by words in their names. `--table` writes docs/mutants.md instead.
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
from tests.proof.mutants.all import MUTANTS
from tests.proof.mutants.mutant import Mutant

TABLE = ROOT / "docs" / "mutants.md"
NEEDED = ("functions", "tests", "local", "operate", "pyproject.toml", "template.yaml")
PYTEST = (sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider")

_HEAD = """# Mutants

A test that has never failed proves little. `make mutants` breaks the deployed code on purpose, in one place at a time,
and runs the tests that must notice: each of them must fail. Each row below is one breakage and the tests that catch it.
The rows come from `tests/proof/mutants/`; `python -m tests.proof.hunt --table` writes this page.

| breakage | in `functions/payments/` | caught by |
|---|---|---|
"""


def table() -> str:
    """The text of docs/mutants.md."""
    return _HEAD + "".join(
        f"| {mutant.name} | `{mutant.path}` | {', '.join(f'`{suite}`' for suite in mutant.caught_by)} |\n"
        for mutant in MUTANTS
    )


def broken(text: str, mutant: Mutant) -> str:
    """The code with the mutant in it. Raises ValueError unless the code has exactly one place for it."""
    if text.count(mutant.old) != 1:
        raise ValueError(f"{mutant.path} has {text.count(mutant.old)} places for: {mutant.name}")
    return text.replace(mutant.old, mutant.new)


def hunted(mutant: Mutant, copy: Path) -> Iterator[str]:
    """Runs the mutant's tests in the copy and yields a line for each. Raises SystemExit when the mutant survives."""
    source = copy / "functions" / "payments" / mutant.path
    original = source.read_text()
    source.write_text(broken(original, mutant))
    try:
        for suite in mutant.caught_by:
            start = time.monotonic()
            code, output = ran(copy, suite)
            if code != 1:  # pytest: 0 for all passed, 1 for failed tests, more when it could not run them
                raise SystemExit(f"SURVIVED (pytest's exit code: {code}): {mutant.name} in {suite}\n{output[-3000:]}")
            yield f"caught in {time.monotonic() - start:4.0f} s: {mutant.name} ({suite})"
    finally:
        source.write_text(original)


def ran(copy: Path, suite: str, proof: str = "mutant") -> tuple[int, str]:
    """Pytest's exit code and output. `proof`: the profile of the state machine."""
    environment = {**os.environ, "PROOF": proof, "PYTHONDONTWRITEBYTECODE": "1"}
    finished = subprocess.run(
        [*PYTEST, suite], cwd=copy, env=environment, capture_output=True, text=True, check=False, timeout=600
    )
    return finished.returncode, finished.stdout + finished.stderr


def make_copy(copy: Path) -> None:
    """Copies the files that the tests need, without build products."""
    for name in NEEDED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, copy / name)


def main(words: Sequence[str]) -> None:
    """Runs all mutants, or the selected ones, after a run of their tests without any mutant."""
    if "--table" in words:
        TABLE.write_text(table())
        return
    chosen = [mutant for mutant in MUTANTS if not words or any(word in mutant.name for word in words)]
    with tempfile.TemporaryDirectory(prefix="payments-mutants-") as folder:
        copy = Path(folder)
        make_copy(copy)
        for suite in sorted({suite for mutant in chosen for suite in mutant.caught_by}):
            code, output = ran(copy, suite, proof="fast")
            if code != 0:
                raise SystemExit(f"{suite} fails without any mutant:\n{output[-3000:]}")
        for nth, mutant in enumerate(chosen, 1):
            for line in hunted(mutant, copy):
                sys.stdout.write(f"{nth}/{len(chosen)} {line}\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
