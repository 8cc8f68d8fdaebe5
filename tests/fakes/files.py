"""Files in memory."""

from collections.abc import Iterator
from dataclasses import replace

from payments.reconciliation.assembly import Upload
from payments.reconciliation.report import UploadGone


class InMemoryFiles:
    """Meets the Files port. `part_bytes`: the least size of a part that is not the last one, as S3 has it."""

    def __init__(self, part_bytes: int = 5 * 1024 * 1024) -> None:
        self.files: dict[str, bytes] = {}
        self.types: dict[str, str] = {}
        self.part_bytes = part_bytes
        self.uploads: dict[str, tuple[str, str, dict[int, bytes]]] = {}

    def put(self, key: str, body: bytes | bytearray, content_type: str) -> None:
        """See `Files.put`."""
        self.files[key], self.types[key] = bytes(body), content_type

    def get(self, key: str) -> bytes:
        """See `Files.get`."""
        return self.files[key]

    def lines(self, key: str) -> Iterator[bytes]:
        """See `Files.lines`."""
        yield from self.files[key].split(b"\n")[:-1]

    def begin(self, key: str, content_type: str) -> str:
        """See `Files.begin`."""
        upload_id = f"upload-{len(self.uploads) + 1}"
        self.uploads[upload_id] = (key, content_type, {})
        return upload_id

    def put_part(self, key: str, upload: Upload, body: bytes | bytearray) -> Upload:
        """See `Files.put_part`."""
        parts = self._parts(key, upload)
        number = len(upload.tags) + 1
        parts[number] = bytes(body)
        return replace(upload, tags=(*upload.tags, f"tag-{number}-{hash(parts[number])}"))

    def finish(self, key: str, upload: Upload) -> None:
        """See `Files.finish`."""
        parts = self._parts(key, upload)
        chosen = [parts[number] for number in range(1, len(upload.tags) + 1)]
        tags = tuple(f"tag-{number}-{hash(body)}" for number, body in enumerate(chosen, start=1))
        assert tags == upload.tags, "a part has changed"
        assert all(len(body) >= self.part_bytes for body in chosen[:-1]), "a part is too small for S3"
        self.put(key, b"".join(chosen), self.uploads.pop(upload.id)[1])

    def _parts(self, key: str, upload: Upload) -> dict[int, bytes]:
        if upload.id not in self.uploads:
            raise UploadGone("no such upload")
        begun, _, parts = self.uploads[upload.id]
        assert begun == key
        return parts
