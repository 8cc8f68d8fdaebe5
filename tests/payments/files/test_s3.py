"""The bucket writes files and reads them back line by line, on moto's S3."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from moto import mock_aws

from payments.files.s3 import Bucket
from payments.reconciliation.assembly import Upload
from payments.reconciliation.report import UploadGone

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


def test_a_small_file_is_read_as_it_is(bucket: Bucket) -> None:
    bucket.put("a", b"1\r\n\n2", "text/plain")
    assert bucket.get("a") == b"1\r\n\n2"


def test_a_second_file_of_the_same_key_replaces_the_first(bucket: Bucket) -> None:
    bucket.put("a", b"1\n2\n", "text/plain")
    bucket.put("a", b"3\n", "text/plain")
    assert list(bucket.lines("a")) == [b"3"]


def test_a_file_is_uploaded_in_parts_and_is_there_when_it_is_whole(bucket: Bucket, client: Any, name: str) -> None:
    upload = Upload(bucket.begin("reports/report.csv", "text/csv"))
    upload = bucket.put_part("reports/report.csv", upload, bytearray(b"a,b\r\n" * 1_100_000))
    again = bucket.put_part("reports/report.csv", replace(upload, tags=()), b"c,d\r\n" * 1_100_000)
    upload = bucket.put_part("reports/report.csv", again, b"the end")
    with pytest.raises(ClientError, match="NoSuchKey"):
        list(bucket.lines("reports/report.csv"))
    bucket.finish("reports/report.csv", upload)
    stored = client.get_object(Bucket=name, Key="reports/report.csv")
    assert stored["Body"].read() == b"c,d\r\n" * 1_100_000 + b"the end", "the second try replaced the first part"
    assert stored["ContentType"] == "text/csv"


def test_an_upload_that_is_gone_is_named_so(bucket: Bucket, client: Any) -> None:
    """As after the lifecycle rule, or when a call was killed right after it had finished the upload."""
    upload = bucket.put_part("a", Upload(bucket.begin("a", "text/plain")), b"1\n")
    with Stubber(client) as stubber:  # moto itself fails here
        for call in ("upload_part", "complete_multipart_upload"):
            stubber.add_client_error(call, "NoSuchUpload")
        with pytest.raises(UploadGone):
            bucket.put_part("a", upload, b"2\n")
        with pytest.raises(UploadGone):
            bucket.finish("a", upload)


def test_another_failure_of_an_upload_is_no_missing_upload(bucket: Bucket, client: Any) -> None:
    upload = Upload(bucket.begin("a", "text/plain"))
    with pytest.raises(ClientError, match="NoSuchBucket"):
        Bucket(client, "no-such-bucket").put_part("a", upload, b"1\n")


def test_a_line_longer_than_a_chunk_is_one_line(bucket: Bucket) -> None:
    line = b"x" * 100_000
    bucket.put("a", line + b"\n" + line + b"\n", "text/plain")
    assert list(bucket.lines("a")) == [line, line]


def test_a_missing_file_raises(bucket: Bucket) -> None:
    with pytest.raises(ClientError, match="NoSuchKey"):
        list(bucket.lines("never"))


def test_the_address_is_an_s3_url(bucket: Bucket, name: str) -> None:
    assert bucket.address("reports/a.json") == f"s3://{name}/reports/a.json"
