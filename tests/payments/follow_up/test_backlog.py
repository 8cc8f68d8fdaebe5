"""What is open is summed up in one pass, currency by currency, and a verdict is not in doubt."""

from datetime import timedelta

import pytest

from payments.follow_up.backlog import IN_DOUBT_AFTER, Backlog, Unfinished, backlog_of
from payments.model.money import Money
from payments.model.status import OPEN, Status
from tests.fakes.clock import START

MINUTE = timedelta(minutes=1)


def unfinished(
    status: Status = Status.PROCESSING, amount: int = 100, currency: str = "GBP", age: timedelta = MINUTE, left: int = 0
) -> Unfinished:
    return Unfinished(status, Money(amount, currency), START - age, left)


def test_nothing_open_is_nothing_at_risk() -> None:
    assert backlog_of([], START) == Backlog(0, 0, timedelta(), {}, 0)


def test_money_is_at_risk_by_currency_and_never_added_across() -> None:
    seen = backlog_of([unfinished(amount=100), unfinished(amount=250), unfinished(amount=9, currency="JPY")], START)

    assert seen.at_risk == {"GBP": 350, "JPY": 9}
    assert (seen.unresolved, seen.in_doubt) == (3, 3)


def test_a_charge_that_is_being_sent_is_not_in_doubt() -> None:
    seen = backlog_of(
        [unfinished(age=IN_DOUBT_AFTER), unfinished(age=IN_DOUBT_AFTER + timedelta(milliseconds=1))], START
    )

    assert (seen.unresolved, seen.in_doubt, seen.at_risk) == (2, 1, {"GBP": 100})


@pytest.mark.parametrize("status", sorted(OPEN - {Status.PROCESSING}))
def test_what_the_gateway_has_spoken_of_is_unresolved_and_not_in_doubt(status: Status) -> None:
    seen = backlog_of([unfinished(status)], START)

    assert (seen.unresolved, seen.in_doubt, seen.at_risk) == (1, 0, {"GBP": 0})


@pytest.mark.parametrize("status", sorted(set(Status) - OPEN))
def test_what_has_a_verdict_only_waits_for_the_bus(status: Status) -> None:
    assert backlog_of([unfinished(status, left=2, age=9 * MINUTE)], START) == Backlog(0, 0, timedelta(), {}, 2)


def test_the_oldest_is_the_oldest_without_a_verdict() -> None:
    many = [unfinished(age=age * MINUTE) for age in (3, 7, 5)]

    assert backlog_of([*many, unfinished(Status.SUCCEEDED, age=99 * MINUTE)], START).oldest == 7 * MINUTE


def test_what_the_bus_has_to_hear_is_added_up_over_all() -> None:
    assert backlog_of([unfinished(left=1), unfinished(Status.FAILED, left=2)], START).unpublished == 3
