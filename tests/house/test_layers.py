"""The layer rule holds, and would not hold if somebody broke it."""

import ast
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.house.tree import FUNCTIONS, ROOT


def layers_of(root: Path) -> subprocess.CompletedProcess[str]:
    """What `make check-layers` says about the code that lies there."""
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root / "functions")},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(FUNCTIONS, tmp_path / "functions", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_house_keeps_the_rule(copy: Path) -> None:
    told = layers_of(copy)

    assert told.returncode == 0, told.stdout


@pytest.mark.parametrize(
    ("module", "line", "broken"),
    [
        ("payments/money.py", "import payments.ledger", "Adapters import the domain"),
        ("payments/settling.py", "import payments.runtime", "Adapters import the domain"),
        ("payments/ledger/__init__.py", "import payments.gateway", "Adapters import the domain"),
        ("payments/publishing.py", "import boto3", "The domain knows no library"),
        ("payments/charging.py", "from urllib3.exceptions import HTTPError", "The domain knows no library"),
        ("payments/ports.py", "import charge.app", "The house imports no door"),
        ("charge/app.py", "import webhook.app", "The house imports no door"),
        ("payments/helpers.py", "", "Adapters import the domain"),
    ],
)
def test_breaking_it_is_noticed(copy: Path, module: str, line: str, broken: str) -> None:
    with (copy / "functions" / module).open("a") as source:
        source.write(f"\n{line}\n")

    told = layers_of(copy)

    assert told.returncode != 0
    assert any(said.startswith(broken) and said.endswith("BROKEN") for said in told.stdout.splitlines()), told.stdout


def test_what_is_kept_from_libraries_is_the_whole_domain() -> None:
    """Two contracts list the domain: one cannot grow without the other."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    by_id = {contract["id"]: contract for contract in contracts}
    lowest = {f"payments.{room.strip()}" for room in by_id["rooms"]["layers"][-1].split(":")}

    assert set(by_id["domain"]["source_modules"]) == lowest


def test_the_house_itself_holds_a_docstring_and_nothing_else() -> None:
    """Importing any room imports this first: it must cost nothing."""
    module = ast.parse((FUNCTIONS / "payments" / "__init__.py").read_text())

    assert ast.get_docstring(module)
    assert len(module.body) == 1
