"""The environment of child processes: PATH and locale of the developer, but no AWS account and no proxy."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

_KEPT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


def plain(directory: Path, source: Mapping[str, str] | None = None) -> dict[str, str]:
    """HOME and TMPDIR are the child's own directory: stacks do not interfere, and no file is left behind."""
    source = os.environ if source is None else source
    kept = {name: source[name] for name in _KEPT if name in source}
    return kept | {
        "HOME": str(directory),
        "TMPDIR": str(directory),
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
