"""The manifest of a stack: written atomically, private, and removed with its stack."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from local.stack import manifest
from local.stack.errors import ManifestTakenError

ROOT = Path(__file__).parents[3]
NAMES = {"api_url": "http://127.0.0.1:1/v1"}


def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "stack.json"
    manifest.write(path, NAMES)
    assert json.loads(path.read_text()) == NAMES
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_write_leaves_no_other_file(tmp_path: Path) -> None:
    manifest.write(tmp_path / "stack.json", NAMES)
    manifest.write(tmp_path / "stack.json", NAMES)
    assert [path.name for path in tmp_path.iterdir()] == ["stack.json"]


def test_it_is_removed_with_the_stack(tmp_path: Path) -> None:
    with manifest.claimed(tmp_path / "deep/stack.json") as path:
        manifest.write(path, NAMES)
    assert list((tmp_path / "deep").iterdir()) == []


def test_the_file_of_a_killed_stack_is_reused(tmp_path: Path) -> None:
    path = tmp_path / "stack.json"
    manifest.write(path, {"api_url": "of yesterday"})
    (tmp_path / "stack.json.lock").touch()
    with manifest.claimed(path) as claimed:
        assert not claimed.exists()


def test_a_chosen_file_of_a_running_stack_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "stack.json"
    with manifest.claimed(path), pytest.raises(ManifestTakenError, match="STACK_FILE"), manifest.claimed(path):
        pass


CLAIM = """
from local.stack import manifest
with manifest.claimed(None) as path:
    print(path, flush=True)
    input()
"""


def test_stacks_side_by_side_take_the_next_free_name(tmp_path: Path) -> None:
    def claim() -> subprocess.Popen[str]:
        command = [sys.executable, "-c", CLAIM]
        pipe = subprocess.PIPE
        return subprocess.Popen(
            command, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, stdin=pipe, stdout=pipe, text=True
        )

    with claim() as first:
        assert first.stdout is not None
        assert first.stdout.readline() == ".local/stack.json\n"
        with claim() as second:
            assert second.communicate("\n")[0] == ".local/stack-2.json\n"
        first.communicate("\n")
    assert list((tmp_path / ".local").iterdir()) == []
