"""Where the house stands, and what belongs to it."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FUNCTIONS = ROOT / "functions"


def packages() -> list[Path]:
    """The packages that are deployed."""
    return sorted(init.parent for init in FUNCTIONS.glob("*/__init__.py"))


def tracked() -> list[Path]:
    """The files that git keeps, or would keep with the next commit."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - git is where PATH says
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]
