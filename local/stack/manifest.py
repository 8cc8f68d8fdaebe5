"""The JSON file with the addresses and keys of a running stack, for its clients.

It holds keys, so only its owner may read it. A lock file beside it shows that the stack is running: the kernel
releases the lock when the process ends, so the file of a killed stack can be reused.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from local.stack.errors import ManifestTakenError

DEFAULT = Path(".local/stack.json")


def write(path: Path, content: Mapping[str, object]) -> None:
    """Writes the file atomically: a reader that polls for it never sees half of it."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        draft.unlink()
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(content, file, indent=2)
        file.write("\n")
    draft.replace(path)


@contextlib.contextmanager
def claimed(requested: Path | None) -> Iterator[Path]:
    """The file this stack may write: the requested one, or the first of stack.json, stack-2.json, … that is free."""
    candidates = [requested] if requested else (_numbered(n) for n in itertools.count(1))
    for path in candidates:
        lock = _lock(path)
        if lock is None:
            continue
        try:
            path.unlink(missing_ok=True)
            yield path
        finally:
            path.unlink(missing_ok=True)
            _lock_file(path).unlink(missing_ok=True)
            os.close(lock)
        return
    raise ManifestTakenError(requested or DEFAULT)


def _numbered(n: int) -> Path:
    return DEFAULT if n == 1 else DEFAULT.with_name(f"{DEFAULT.stem}-{n}{DEFAULT.suffix}")


def _lock_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.lock")


def _lock(path: Path) -> int | None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(_lock_file(path), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # The previous holder may have removed the file after our open: then our lock has no effect.
        if os.fstat(descriptor).st_nlink:
            return descriptor
        os.close(descriptor)
        return _lock(path)
    except BlockingIOError:
        os.close(descriptor)
        return None
