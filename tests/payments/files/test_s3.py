"""Files in a bucket, against moto's S3: what was written comes back, and nothing is held in memory on the way."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from payments.files.s3 import Bucket

NAME = "reports"


@pytest.fixture
def client() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
        client.create_bucket(Bucket=NAME)
        yield client


@pytest.fixture
def bucket(client: Any) -> Bucket:
    return Bucket(client, NAME)


def test_a_file_comes_back_as_it_went(bucket: Bucket, client: Any) -> None:
    bucket.put("parts/a.jsonl", b'{"n": 1}\n{"n": "\xc3\xa9"}\n', "application/x-ndjson")
    assert list(bucket.lines("parts/a.jsonl")) == [b'{"n": 1}', b'{"n": "\xc3\xa9"}']
    assert client.head_object(Bucket=NAME, Key="parts/a.jsonl")["ContentType"] == "application/x-ndjson"


def test_the_same_key_again_takes_its_place(bucket: Bucket) -> None:
    bucket.put("a", b"1\n2\n", "text/plain")
    bucket.put("a", b"3\n", "text/plain")
    assert list(bucket.lines("a")) == [b"3"]


def test_a_file_of_this_machine_is_written_as_it_is(bucket: Bucket, client: Any, tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    path.write_bytes(b"a,b\r\n" * 500_000)
    bucket.put_from("reports/report.csv", path, "text/csv")
    told = client.get_object(Bucket=NAME, Key="reports/report.csv")
    assert told["Body"].read() == path.read_bytes()
    assert told["ContentType"] == "text/csv"


def test_a_line_longer_than_what_is_read_at_a_time_is_one_line(bucket: Bucket) -> None:
    line = b"x" * 100_000
    bucket.put("a", line + b"\n" + line + b"\n", "text/plain")
    assert list(bucket.lines("a")) == [line, line]


def test_what_is_not_there_is_an_error(bucket: Bucket) -> None:
    with pytest.raises(ClientError, match="NoSuchKey"):
        list(bucket.lines("never"))


def test_a_person_is_told_where_it_lies(bucket: Bucket) -> None:
    assert bucket.address("reports/a.json") == "s3://reports/reports/a.json"
