"""Times are UTC wherever the process runs: Lambda's time zone is a setting that anyone may change."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from payments.model.timestamps import iso, parse_iso, utc_now

NOON = datetime(2027, 1, 31, 12, 0, 0, 125_000, tzinfo=UTC)


@pytest.fixture(autouse=True, params=["UTC", "Asia/Tokyo", "America/New_York"])
def _zone(request: pytest.FixtureRequest) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", request.param)
        time.tzset()
        yield
    time.tzset()


def test_a_time_is_written_in_utc() -> None:
    assert iso(NOON) == "2027-01-31T12:00:00.125Z"


@pytest.mark.parametrize("text", ["2027-01-31T12:00:00.125Z", "2027-01-31T13:00:00.125+01:00"])
def test_a_time_is_read_as_utc(text: str) -> None:
    assert parse_iso(text) == NOON
    assert parse_iso(text).tzinfo is UTC


def test_a_time_without_a_zone_is_none() -> None:
    with pytest.raises(ValueError, match=r"^a moment without a time zone"):
        parse_iso("2027-01-31T12:00:00")


def test_the_clock_gives_utc() -> None:
    assert utc_now().tzinfo is UTC
    assert abs(time.time() - utc_now().timestamp()) < 60
