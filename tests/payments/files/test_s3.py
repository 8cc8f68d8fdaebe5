"""The bucket writes files and reads them back line by line, on moto's S3."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from payments.files.s3 import Bucket

numbers = count(1)


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("s3", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")


@pytest.fixture
def name(client: Any) -> str:
    """The name of a new bucket."""
    name = f"reports-{next(numbers)}"
    client.create_bucket(Bucket=name)
    return name


@pytest.fixture
def bucket(client: Any, name: str) -> Bucket:
    return Bucket(client, name)


def test_a_file_is_read_back_as_it_was_written(bucket: Bucket, client: Any, name: str) -> None:
    bucket.put("parts/a.jsonl", b'{"n": 1}\n{"n": "\xc3\xa9"}\n', "application/x-ndjson")
    assert list(bucket.lines("parts/a.jsonl")) == [b'{"n": 1}', b'{"n": "\xc3\xa9"}']
    assert client.head_object(Bucket=name, Key="parts/a.jsonl")["ContentType"] == "application/x-ndjson"


def test_a_second_file_of_the_same_key_replaces_the_first(bucket: Bucket) -> None:
    bucket.put("a", b"1\n2\n", "text/plain")
    bucket.put("a", b"3\n", "text/plain")
    assert list(bucket.lines("a")) == [b"3"]


def test_a_local_file_is_uploaded_unchanged(bucket: Bucket, client: Any, name: str, tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    path.write_bytes(b"a,b\r\n" * 500_000)
    bucket.put_from("reports/report.csv", path, "text/csv")
    stored = client.get_object(Bucket=name, Key="reports/report.csv")
    assert stored["Body"].read() == path.read_bytes()
    assert stored["ContentType"] == "text/csv"


def test_a_line_longer_than_a_chunk_is_one_line(bucket: Bucket) -> None:
    line = b"x" * 100_000
    bucket.put("a", line + b"\n" + line + b"\n", "text/plain")
    assert list(bucket.lines("a")) == [line, line]


def test_a_missing_file_raises(bucket: Bucket) -> None:
    with pytest.raises(ClientError, match="NoSuchKey"):
        list(bucket.lines("never"))


def test_the_address_is_an_s3_url(bucket: Bucket, name: str) -> None:
    assert bucket.address("reports/a.json") == f"s3://{name}/reports/a.json"
