"""The checkout of this repository: its root, and the files that belong to it."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FUNCTIONS = ROOT / "functions"


def deployed_packages() -> list[Path]:
    """The packages in functions/, sorted: all of them are deployed."""
    return sorted(init.parent for init in FUNCTIONS.glob("*/__init__.py"))


def tracked_files() -> list[Path]:
    """The files that git tracks, or would track with the next commit."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - git is where PATH says
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def relative(path: Path) -> str:
    """The path as it is written from the root of the repository."""
    return path.relative_to(ROOT).as_posix()
