"""Files in a bucket. It encrypts them by itself, and its policy says who may come; nothing of that is said here."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any


class Bucket:
    """`client` is boto3's S3 client."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def put(self, key: str, body: bytes, content_type: str) -> None:
        """Writes a file, or writes it anew."""
        self._client.put_object(Bucket=self._name, Key=key, Body=body, ContentType=content_type)

    def put_from(self, key: str, path: Path, content_type: str) -> None:
        """Writes a file out of one on this machine, without holding it in memory. Up to 5 GB."""
        with path.open("rb") as file:
            self._client.put_object(Bucket=self._name, Key=key, Body=file, ContentType=content_type)

    def lines(self, key: str) -> Iterator[bytes]:
        """A file line by line, without holding it in memory."""
        body = self._client.get_object(Bucket=self._name, Key=key)["Body"]
        try:
            yield from body.iter_lines()
        finally:
            body.close()

    def address(self, key: str) -> str:
        """Where a person finds the file."""
        return f"s3://{self._name}/{key}"
