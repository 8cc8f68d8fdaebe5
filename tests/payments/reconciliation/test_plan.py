"""The plan of a daily reconciliation: the last days each day, every older day once in seven days."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.reconciliation.plan import WEEK, DailyPlan, days_of
from payments.reconciliation.transaction_list import Span

TODAY = date(2026, 11, 22)


def plan(today: date = TODAY, days: int = 120, daily: int = 7) -> DailyPlan:
    return DailyPlan(Span(today - timedelta(days=days), today - timedelta(days=1)), daily)


def ages(today: date, spans: tuple[Span, ...]) -> set[int]:
    """How many days ago the compared days were."""
    return {(today - day).days for day in days_of(spans)}


def test_the_last_days_come_first_and_then_a_seventh_of_the_older_ones() -> None:
    recent, *older = plan().spans()
    assert recent == Span(date(2026, 11, 15), date(2026, 11, 21))
    assert 0 < len(set(days_of(older))) <= 17 + 1
    assert all(span.last < recent.first for span in older)


@given(st.integers(1, 366), st.integers(1, 366), st.dates(date(2020, 1, 1), date(2030, 1, 1)))
def test_every_older_day_is_compared_exactly_once_in_any_seven_days(days: int, daily: int, today: date) -> None:
    times: dict[date, int] = {}
    for nth in range(WEEK):
        at = today + timedelta(days=nth)
        compared = list(days_of(plan(at, days, daily).spans(at - timedelta(days=1))))
        assert len(compared) == len(set(compared))
        for day in compared:
            times[day] = times.get(day, 0) + 1
    last = today + timedelta(days=WEEK - 1)
    for age in range(daily + 1, days - WEEK + 2):  # older, and in the window, on each of the seven days
        assert times[today - timedelta(days=age)] == 1
    for age in range(1, min(daily, days) + 1):
        assert last - timedelta(days=age) in times


@given(st.integers(8, 366), st.integers(1, 7))
def test_one_run_compares_the_last_days_and_about_a_seventh_of_the_others(days: int, daily: int) -> None:
    compared = ages(TODAY, plan(days=days, daily=daily).spans(TODAY - timedelta(days=1)))
    assert set(range(1, daily + 1)) <= compared
    assert len(compared) <= daily + -(-(days - daily) // WEEK)


@pytest.mark.parametrize("missed", [1, 2, 5, 6, 7, 30, 400])
@pytest.mark.parametrize("daily", [1, 7])
def test_blocks_of_days_without_a_reconciliation_are_compared_by_the_next_one(missed: int, daily: int) -> None:
    """As if a reconciliation had run on each day."""
    previous = TODAY - timedelta(days=missed)
    expected: set[date] = set()
    for nth in range(missed):
        at = TODAY - timedelta(days=nth)
        expected |= set(days_of(plan(at, 120, daily).spans(at - timedelta(days=1))))
    window = set(days_of([plan().window]))
    assert set(days_of(plan(daily=daily).spans(previous))) == expected & window


def test_after_a_week_without_a_reconciliation_all_days_are_compared() -> None:
    assert plan().spans(TODAY - timedelta(days=WEEK)) == (plan().window,)


def test_the_first_reconciliation_compares_as_much_as_any_other() -> None:
    assert plan().spans(None) == plan().spans(TODAY - timedelta(days=1))


def test_a_second_reconciliation_of_a_day_has_the_same_plan() -> None:
    assert plan().spans(TODAY) == plan().spans(TODAY - timedelta(days=1))


def test_a_day_that_was_left_open_is_compared_again_wherever_it_is() -> None:
    compared = ages(TODAY, plan().spans())
    left_open = next(age for age in range(50, 120) if age not in compared)
    spans = plan().spans(again=[TODAY - timedelta(days=left_open)])
    assert ages(TODAY, spans) == compared | {left_open}


def test_a_day_out_of_the_window_is_compared_no_more() -> None:
    assert plan().spans(again=[TODAY - timedelta(days=121), TODAY]) == plan().spans()


def test_a_window_no_longer_than_the_last_days_is_compared_whole() -> None:
    for days in (1, 6, 7):
        assert plan(days=days).spans() == (plan(days=days).window,)
