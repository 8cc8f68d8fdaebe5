"""The layer rule holds, and would not hold if somebody broke it."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.checkout import FUNCTIONS, ROOT


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


ROOMS = "Each room imports only the rooms below it"
LIBRARIES = "Only adapters and the runtime know libraries of the outside world"
PYDANTIC = "Only doors and the runtime know pydantic"
DOORS = "The house imports no door, and no door another"


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("payments/errors.py", "import payments.model.money", ROOMS),
        ("payments/model/money.py", "import payments.ports.runtime", ROOMS),
        ("payments/ports/ledger.py", "import payments.outcome.apply", ROOMS),
        ("payments/events/outbox.py", "import payments.outcome.record", ROOMS),
        ("payments/outcome/record.py", "import payments.runtime.settings", ROOMS),
        ("payments/charging/charge.py", "import payments.refunding.refund", ROOMS),
        ("payments/webhooks/handle.py", "import payments.follow_up.run", ROOMS),
        ("payments/ledger/__init__.py", "import payments.gateway", ROOMS),
        ("payments/gateway/client.py", "import payments.runtime.metrics", ROOMS),
        ("payments/helpers.py", "", ROOMS),
        ("payments/model/money.py", "import boto3", LIBRARIES),
        ("payments/events/outbox.py", "from botocore.exceptions import ClientError", LIBRARIES),
        ("payments/charging/charge.py", "from urllib3.exceptions import HTTPError", LIBRARIES),
        ("payments/webhooks/handle.py", "from aws_lambda_powertools import Logger", LIBRARIES),
        ("payments/model/card.py", "from cryptography.hazmat.primitives import hashes", LIBRARIES),
        ("charge/app.py", "import boto3", LIBRARIES),
        ("payments/model/card.py", "import pydantic", PYDANTIC),
        ("payments/gateway/envelope.py", "import pydantic", PYDANTIC),
        ("payments/ports/runtime.py", "import charge.app", DOORS),
        ("charge/app.py", "import webhook.app", DOORS),
    ],
)
def test_breaking_it_is_noticed(copy: Path, module: str, line: str, contract: str) -> None:
    with (copy / "functions" / module).open("a") as source:
        source.write(f"\n{line}\n")

    told = layers_of(copy)

    assert told.returncode != 0
    assert any(said == f"{contract} BROKEN" for said in told.stdout.splitlines()), told.stdout


def test_the_house_itself_holds_a_docstring_and_nothing_else() -> None:
    """Importing any room imports this first: it must cost nothing."""
    module = ast.parse((FUNCTIONS / "payments" / "__init__.py").read_text())

    assert ast.get_docstring(module)
    assert len(module.body) == 1
