"""The layer rule of pyproject.toml holds, and a breach of each of its contracts is found."""

import ast
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.house.checkout import FUNCTIONS, ROOT

CONTRACTS: dict[str, str] = {
    contract["id"]: contract["name"]
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
}

BREACHES = [
    ("payments/errors.py", "import payments.model.money", "rooms"),
    ("payments/model/money.py", "import payments.ports.runtime", "rooms"),
    ("payments/ports/ledger.py", "import payments.outcome.apply", "rooms"),
    ("payments/events/outbox.py", "import payments.outcome.record", "rooms"),
    ("payments/outcome/record.py", "import payments.runtime.settings", "rooms"),
    ("payments/charging/charge.py", "import payments.refunding.refund", "rooms"),
    ("payments/webhooks/handle.py", "import payments.follow_up.run", "rooms"),
    ("payments/ledger/__init__.py", "import payments.gateway", "rooms"),
    ("payments/gateway/client.py", "import payments.runtime.metrics", "rooms"),
    ("payments/helpers.py", "", "rooms"),
    ("payments/model/money.py", "import boto3", "libraries"),
    ("payments/events/outbox.py", "from botocore.exceptions import ClientError", "libraries"),
    ("payments/charging/charge.py", "from urllib3.exceptions import HTTPError", "libraries"),
    ("payments/webhooks/handle.py", "from aws_lambda_powertools import Logger", "libraries"),
    ("payments/model/card.py", "from cryptography.hazmat.primitives import hashes", "libraries"),
    ("charge/app.py", "import boto3", "libraries"),
    ("payments/model/card.py", "import pydantic", "pydantic"),
    ("payments/gateway/envelope.py", "import pydantic", "pydantic"),
    ("payments/ports/runtime.py", "import charge.app", "doors"),
    ("charge/app.py", "import webhook.app", "doors"),
]
"""A module, the line that is added to it, and the contract that the line breaks."""


def lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    """Runs `make check-layers` on a copy of the code in `root`."""
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


def test_the_code_keeps_the_rule(copy: Path) -> None:
    linted = lint_imports(copy)

    assert linted.returncode == 0, f"change the import in functions/, not pyproject.toml: {linted.stdout}"


@pytest.mark.parametrize(("module", "line", "contract"), BREACHES)
def test_a_breach_is_found(copy: Path, module: str, line: str, contract: str) -> None:
    with (copy / "functions" / module).open("a") as source:
        source.write(f"\n{line}\n")

    linted = lint_imports(copy)

    assert linted.returncode != 0, f"pyproject.toml: contract {contract!r} allows `{line}` in {module}"
    broken = f"{CONTRACTS[contract]} BROKEN"
    assert broken in linted.stdout.splitlines(), f"pyproject.toml: contract {contract!r}: {linted.stdout}"


def test_every_contract_has_a_breach() -> None:
    breached = {contract for _, _, contract in BREACHES}

    assert set(CONTRACTS) - breached == set(), f"{__file__}: add a row to BREACHES for each of these contracts"
    assert breached - set(CONTRACTS) == set(), "pyproject.toml: these contracts are gone"


def test_every_room_is_in_the_rule_and_every_room_of_the_rule_exists() -> None:
    """`exhaustive` reports a room that is not listed; a listed room that does not exist must not stay either."""
    rule = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (layers,) = (contract["layers"] for contract in rule if contract["id"] == "rooms")
    listed = {room for layer in layers for room in layer.split(" | ")}
    there = {path.stem for path in (FUNCTIONS / "payments").iterdir() if not path.name.startswith("__")}

    assert listed == there, "pyproject.toml, contract `rooms`: list every room of functions/payments in its layer"


def test_payments_itself_has_a_docstring_and_no_code() -> None:
    """Importing any room imports payments/__init__.py first: it must cost nothing."""
    module = ast.parse((FUNCTIONS / "payments" / "__init__.py").read_text())

    assert ast.get_docstring(module), "functions/payments/__init__.py: write a docstring"
    assert len(module.body) == 1, "functions/payments/__init__.py: a docstring and nothing else"
