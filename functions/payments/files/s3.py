"""Files in an S3 bucket. The bucket itself is configured to encrypt them and to restrict access (template.yaml)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any


class Bucket:
    """One bucket. `client` is boto3's S3 client."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def put(self, key: str, body: bytes, content_type: str) -> None:
        """Writes a file, replacing one of the same key."""
        self._client.put_object(Bucket=self._name, Key=key, Body=body, ContentType=content_type)

    def put_from(self, key: str, path: Path, content_type: str) -> None:
        """Uploads a local file of up to 5 GB without reading it into memory."""
        with path.open("rb") as file:
            self._client.put_object(Bucket=self._name, Key=key, Body=file, ContentType=content_type)

    def lines(self, key: str) -> Iterator[bytes]:
        """The lines of a file, streamed: the file is never in memory as a whole."""
        body = self._client.get_object(Bucket=self._name, Key=key)["Body"]
        try:
            yield from body.iter_lines()
        finally:
            body.close()

    def address(self, key: str) -> str:
        """The `s3://` URL of a file, for people."""
        return f"s3://{self._name}/{key}"
