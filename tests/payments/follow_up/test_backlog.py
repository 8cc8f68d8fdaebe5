"""The backlog sums up open payments in one pass, each currency on its own."""

from datetime import timedelta

import pytest

from payments.follow_up.backlog import IN_DOUBT_AFTER, Backlog, UnfinishedPayment, backlog_of
from payments.model.money import Money
from payments.model.status import OPEN, Status
from tests.fakes.clock import START

MINUTE = timedelta(minutes=1)


def unfinished(
    status: Status = Status.PROCESSING,
    amount: int = 100,
    currency: str = "GBP",
    age: timedelta = MINUTE,
    unpublished: int = 0,
) -> UnfinishedPayment:
    return UnfinishedPayment(status, Money(amount, currency), START - age, unpublished)


def test_an_empty_index_is_an_empty_backlog() -> None:
    assert backlog_of([], START) == Backlog(0, 0, timedelta(), {}, 0)


def test_money_at_risk_is_added_up_in_each_currency_and_never_across() -> None:
    backlog = backlog_of([unfinished(amount=100), unfinished(amount=250), unfinished(amount=9, currency="JPY")], START)

    assert backlog.at_risk == {"GBP": 350, "JPY": 9}
    assert (backlog.unresolved, backlog.in_doubt) == (3, 3)


def test_a_charge_that_may_still_be_under_way_is_not_in_doubt() -> None:
    backlog = backlog_of(
        [unfinished(age=IN_DOUBT_AFTER), unfinished(age=IN_DOUBT_AFTER + timedelta(milliseconds=1))], START
    )

    assert (backlog.unresolved, backlog.in_doubt, backlog.at_risk) == (2, 1, {"GBP": 100})


@pytest.mark.parametrize("status", sorted(OPEN - {Status.PROCESSING}))
def test_an_open_payment_with_a_status_of_the_gateway_is_unresolved_and_not_in_doubt(status: Status) -> None:
    backlog = backlog_of([unfinished(status)], START)

    assert (backlog.unresolved, backlog.in_doubt, backlog.at_risk) == (1, 0, {"GBP": 0})


@pytest.mark.parametrize("status", sorted(set(Status) - OPEN))
def test_a_payment_with_a_verdict_counts_only_its_unpublished_entries(status: Status) -> None:
    assert backlog_of([unfinished(status, unpublished=2, age=9 * MINUTE)], START) == Backlog(0, 0, timedelta(), {}, 2)


def test_a_payment_with_a_verdict_hides_no_other() -> None:
    backlog = backlog_of([unfinished(Status.SUCCEEDED, unpublished=1), unfinished(amount=100, unpublished=2)], START)

    assert (backlog.unresolved, backlog.at_risk, backlog.unpublished) == (1, {"GBP": 100}, 3)


def test_the_oldest_is_the_oldest_payment_without_a_verdict() -> None:
    unresolved = [unfinished(age=age * MINUTE) for age in (3, 7, 5)]

    assert backlog_of([*unresolved, unfinished(Status.SUCCEEDED, age=99 * MINUTE)], START).oldest == 7 * MINUTE


def test_unpublished_entries_are_added_up_over_all_payments() -> None:
    assert backlog_of([unfinished(unpublished=1), unfinished(Status.FAILED, unpublished=2)], START).unpublished == 3
