"""A copy of the project in which mutmut works: it writes its mutants into a folder of the directory it is started in.

In the copy `functions` is `src`, the name for which mutmut gives a module the same name as our imports do.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

from tests.house.checkout import ROOT
from tests.mutation.found import Mutant, mutants_in
from tests.mutation.rooms import Room

_COPIED = ("local", "template.yaml", "schemas", "docs", "examples", "operate", "scripts", "requirements.txt")
_PYTEST = ("-p", "no:xdist", "-p", "no:cacheprovider", "-m", "not flow and not slow", "--hypothesis-profile", "mutant")
_WORKERS = 2
_SCRIPT: Final = str(Path(__file__).with_name("own_children.py"))
_START: Final = f"import runpy; runpy.run_path({_SCRIPT!r}, run_name='__main__')"
KILLED: Final = (1, 3)
"""Mutmut's exit codes of a mutant that a failed test has noticed."""


def settings(room: Room, files: Sequence[str]) -> str:
    """Mutmut's section of pyproject.toml: only those files of the room are mutated."""
    checked = [sys.executable, "-m", "mypy", "--output", "json", f"src/payments/{room.name}"]
    values = {
        "source_paths": ["src"],
        "only_mutate": [f"src/payments/{file}" for file in files],
        "also_copy": list(_COPIED),
        "pytest_add_cli_args_test_selection": [f"tests/payments/{path}" for path in room.tests],
        "pytest_add_cli_args": list(_PYTEST),
        "type_check_command": checked,  # what `make check` refuses needs no test
        "use_git_change_detection": False,
        "timeout_multiplier": 4.0,  # a mutant that hangs costs this many times the time of its tests
        "timeout_constant": 10.0,
    }
    return "\n[tool.mutmut]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items())


def make(workspace: Path, room: Room, files: Sequence[str], reviewed: Collection[Mutant] = ()) -> None:
    """Copies what the tests need.

    In a workspace of an earlier run, survivors that are not `reviewed` run again, and so do changed functions.
    """
    ignored = shutil.ignore_patterns("__pycache__", "mutation")
    for name in ("functions", "tests", *_COPIED):
        target = workspace / ("src" if name == "functions" else name)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target, symlinks=False, ignore=ignored, dirs_exist_ok=True)
        else:
            shutil.copy(ROOT / name, target)
    project = (ROOT / "pyproject.toml").read_text().replace('"functions"', '"src"')
    # Mutmut's own lines have a bare `type: ignore`. Its `… and False` stands for any wrong condition, for the tests.
    project = project.replace('"ignore-without-code", "redundant-expr", ', "")
    project = project.replace("[tool.mypy]\nstrict = true", "[tool.mypy]\nstrict = true\nwarn_unused_ignores = false")
    forget_survivors(workspace, reviewed)
    (workspace / "pyproject.toml").write_text(project + settings(room, files))


def forget_survivors(workspace: Path, reviewed: Collection[Mutant] = ()) -> None:
    """Lets mutmut run each mutant again that no test has noticed. The types are checked in every run.

    A reviewed survivor costs as much as all tests of the room, so it keeps its fate in the workspace.
    """
    payments = workspace / "mutants" / "src" / "payments"
    for meta in payments.rglob("*.meta"):
        known = json.loads(meta.read_text())
        codes: dict[str, int | None] = known["exit_code_by_key"]
        file = meta.relative_to(payments).as_posix().removesuffix(".meta")
        mutants = dict(mutants_in(meta.with_suffix("").read_text(), file)) if reviewed else {}
        kept = {name for name in codes if mutants.get(name.rpartition(".")[2]) in reviewed}
        known["exit_code_by_key"] = {
            name: code if code in KILLED or name in kept else None for name, code in codes.items()
        }
        meta.write_text(json.dumps(known))


def run(workspace: Path, seconds: float | None) -> bool:
    """Runs mutmut there. Returns whether it ended within the time. Raises SystemExit when it could not run."""
    with (workspace / "mutmut.log").open("w") as log:
        started = subprocess.Popen(
            [sys.executable, "-c", _START, "run", "--max-children", str(_WORKERS)],
            cwd=workspace,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = started.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(started.pid, signal.SIGKILL)  # its workers too
            started.wait()
            return False
    if code != 0:
        last = re.sub(r".*\r", "", (workspace / "mutmut.log").read_text())[-3000:]
        raise SystemExit(f"mutmut could not run (exit code {code}):\n{last}")
    return True
