"""Files in memory."""

from collections.abc import Iterator
from pathlib import Path


class InMemoryFiles:
    """Meets the Files port."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.types: dict[str, str] = {}

    def put(self, key: str, body: bytes, content_type: str) -> None:
        """See `Files.put`."""
        self.files[key], self.types[key] = body, content_type

    def put_from(self, key: str, path: Path, content_type: str) -> None:
        """See `Files.put_from`."""
        self.put(key, path.read_bytes(), content_type)

    def lines(self, key: str) -> Iterator[bytes]:
        """See `Files.lines`."""
        yield from self.files[key].split(b"\n")[:-1]
