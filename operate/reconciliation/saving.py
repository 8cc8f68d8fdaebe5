"""The report's files, brought from the bucket into a directory."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def saved(client: Any, report: Mapping[str, str], directory: Path) -> list[Path]:
    """The files, named after days and beginning of their reconciliation. `client` is boto3's S3 client."""
    directory.mkdir(parents=True, exist_ok=True)
    files = []
    for place in report.values():
        bucket, _, key = place.removeprefix("s3://").partition("/")
        file = directory / key.removeprefix("reports/").replace("/", "_")
        client.download_file(bucket, key, str(file))
        files.append(file)
    return files
