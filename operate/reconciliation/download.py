"""Downloads the report's files from the bucket."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def download(client: Any, report: Mapping[str, str], directory: Path) -> list[Path]:
    """Downloads the files, named after their reconciliation's days and start. `client` is boto3's S3 client."""
    directory.mkdir(parents=True, exist_ok=True)
    files = []
    for place in report.values():
        bucket, _, key = place.removeprefix("s3://").partition("/")
        file = directory / key.removeprefix("reports/").replace("/", "_")
        client.download_file(bucket, key, str(file))
        files.append(file)
    return files
