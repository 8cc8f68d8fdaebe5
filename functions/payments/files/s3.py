"""Files in an S3 bucket. The bucket itself is configured to encrypt them and to restrict access (template.yaml)."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from botocore.exceptions import ClientError

from payments.reconciliation.assembly import Upload
from payments.reconciliation.report import UploadGone


class Bucket:
    """One bucket. `client` is boto3's S3 client."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def put(self, key: str, body: bytes | bytearray, content_type: str) -> None:
        """Writes a file, replacing one of the same key."""
        self._client.put_object(Bucket=self._name, Key=key, Body=body, ContentType=content_type)

    def get(self, key: str) -> bytes:
        """See `Files.get`."""
        body: bytes = self._client.get_object(Bucket=self._name, Key=key)["Body"].read()
        return body

    def lines(self, key: str) -> Iterator[bytes]:
        """The lines of a file, streamed: the file is never in memory as a whole."""
        body = self._client.get_object(Bucket=self._name, Key=key)["Body"]
        try:
            yield from body.iter_lines()
        finally:
            body.close()

    def begin(self, key: str, content_type: str) -> str:
        """See `Files.begin`. The bucket removes an upload that is never finished (template.yaml)."""
        answer = self._client.create_multipart_upload(Bucket=self._name, Key=key, ContentType=content_type)
        upload_id: str = answer["UploadId"]
        return upload_id

    def put_part(self, key: str, upload: Upload, body: bytes | bytearray) -> Upload:
        """See `Files.put_part`. Uploaded again, a part replaces itself."""
        answer = _of_upload(
            lambda: self._client.upload_part(
                Bucket=self._name, Key=key, UploadId=upload.id, PartNumber=len(upload.tags) + 1, Body=body
            )
        )
        return replace(upload, tags=(*upload.tags, answer["ETag"]))

    def finish(self, key: str, upload: Upload) -> None:
        """See `Files.finish`."""
        parts = [{"PartNumber": nth, "ETag": tag} for nth, tag in enumerate(upload.tags, start=1)]
        _of_upload(
            lambda: self._client.complete_multipart_upload(
                Bucket=self._name, Key=key, UploadId=upload.id, MultipartUpload={"Parts": parts}
            )
        )

    def address(self, key: str) -> str:
        """The `s3://` URL of a file, for people."""
        return f"s3://{self._name}/{key}"


def _of_upload(call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return call()
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchUpload":
            raise
        raise UploadGone("S3 has no such upload") from None
