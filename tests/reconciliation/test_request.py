"""The payloads of the reconciliation; an invalid one begins nothing, and the error names the field."""

from datetime import date
from typing import Any

import pytest

from payments.reconciliation.transaction_list import Span
from reconciliation.request import ReconciliationRequest, RequestRefused, parse
from tests.payments.reconciliation.reconciler import Reconciler
from tests.recorded_events import recorded

TODAY = date(2026, 11, 22)


def asked(**payload: Any) -> ReconciliationRequest:
    return parse(payload, TODAY, 120)


def test_the_schedule_asks_for_the_last_days_up_to_yesterday() -> None:
    assert parse(recorded("reconciliation"), TODAY, 120) == ReconciliationRequest(
        Span(date(2026, 7, 25), date(2026, 11, 21)), daily=True
    )
    assert parse({}, TODAY, 1).span == Span(date(2026, 11, 21), date(2026, 11, 21))


def test_the_schedule_asks_for_no_day_before_the_first() -> None:
    def first(day: date) -> Span:
        return parse({}, TODAY, 120, day).span

    assert first(date(2026, 11, 20)) == Span(date(2026, 11, 20), date(2026, 11, 21))
    assert first(date(2026, 1, 1)).first == date(2026, 7, 25), "nor for more than it looks back"
    with pytest.raises(RequestRefused, match="2026-11-22, is not over yet"):
        first(TODAY)


def test_a_person_may_ask_for_days_before_the_first() -> None:
    payload = {"from": "2026-01-01", "to": "2026-01-02"}
    assert parse(payload, TODAY, 120, date(2026, 11, 20)).span.first == date(2026, 1, 1)


def test_a_person_may_request_any_days() -> None:
    assert parse(recorded("reconciliation-by-hand"), TODAY, 120) == ReconciliationRequest(
        Span(date(2026, 11, 1), date(2026, 11, 15)), seconds=60
    )
    assert asked(**{"from": "2026-11-22", "to": "2026-11-22", "anew": True}).anew


def test_days_before_the_gateway_are_refused() -> None:
    with pytest.raises(RequestRefused, match="from: is before 2015"):
        asked(**{"from": "0001-01-01", "to": "0001-01-02"})


def test_a_year_is_the_longest_span() -> None:
    span = asked(**{"from": "2025-11-22", "to": "2026-11-22"}).span
    assert (span.last - span.first).days + 1 == 366


@pytest.mark.parametrize(
    ("payload", "sentence"),
    [
        ({"from": "2026-11-01"}, "from and to: one is there without the other"),
        ({"to": "2026-11-01"}, "from and to: one is there without the other"),
        ({"from": "2026-11-02", "to": "2026-11-01"}, "to: is before from"),
        ({"from": "2026-11-02", "to": "2026-11-23"}, "to: may not be in the future"),
        ({"from": "2025-11-21", "to": "2026-11-22"}, "to: more than 366 days after from"),
        ({"from": "20261101", "to": "2026-11-01"}, "from: must be a day as YYYY-MM-DD"),
        ({"from": "2026-11-01T00:00:00Z", "to": "2026-11-01"}, "from: must be a day as YYYY-MM-DD"),
        ({"from": "2026-11-31", "to": "2026-11-30"}, "from: is no day of the calendar"),
        ({"from": 20261101, "to": "2026-11-01"}, "from: must be a day as YYYY-MM-DD"),
        ({"from": None, "to": None}, "from: must be a day as YYYY-MM-DD"),
        ({"seconds": 0}, "seconds: "),
        ({"seconds": 901}, "seconds: "),
        ({"seconds": "60"}, "seconds: "),
        ({"seconds": 1.5}, "seconds: "),
        ({"anew": "yes"}, "anew: "),
        ({"anew": 1}, "anew: "),
        ({"since": "2026-11-01"}, "since: "),
        ({"first": "2026-11-01", "last": "2026-11-01"}, "first: "),
        ([], ""),
        (None, ""),
        ("{}", ""),
        (17, ""),
    ],
    ids=repr,
)
def test_an_invalid_payload_is_refused_and_begins_nothing(payload: Any, sentence: str) -> None:
    with pytest.raises(RequestRefused) as refused:
        parse(payload, TODAY, 120)
    assert str(refused.value).startswith(sentence)
    assert len(str(refused.value)) < 300

    reconciler = Reconciler()
    if payload != {"from": "2026-11-02", "to": "2026-11-23"}:  # the fakes' today is later
        assert reconciler.wired().take(payload, lambda: 900.0) == {"error": str(refused.value)}
        assert (reconciler.checkpoints.kept, reconciler.listing.asked) == ({}, [])


def test_a_refusal_quotes_nothing() -> None:
    with pytest.raises(RequestRefused) as refused:
        asked(**{"from": "4111111111111111", "to": {"card": "4111111111111111"}, "seconds": "4111111111111111"})
    assert "4111" not in str(refused.value)
