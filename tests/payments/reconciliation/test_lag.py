"""Both of the gateway's books may lag behind what it told us itself: what has just happened is left alone."""

from datetime import timedelta
from typing import Any

import pytest

from payments.model.payment import Payment
from payments.model.status import Status
from tests.fakes import samples
from tests.fakes.transaction_list import row
from tests.payments.reconciliation.reconciler import NEXT_DAY, Sweeper

SECONDS = timedelta(seconds=5)
SWEPT_AT = NEXT_DAY + timedelta(hours=1)
PAGE = "https://bank.example/3ds"


def moved(sweeper: Sweeper, to: Status, ago: timedelta, **changes: Any) -> Payment:
    """A payment made yesterday, to which something happened so long before the sweep."""
    payment = sweeper.claimed()
    after = payment.moved(
        to,
        at=SWEPT_AT - ago,
        source="answer",
        evidence={},
        **{"transaction_id": samples.TRANSACTION_ID, **changes},
    )
    return sweeper.ledger.save(payment, after)


LAGGING: dict[str, dict[str, Any]] = {
    "status": {"said": "PENDING"},
    "amount": {"amount": "7"},
    "status and refund": {"said": "FAILED", "refund_date": "2027-02-01T00:00:00Z"},
}


@pytest.mark.parametrize("what", LAGGING)
def test_a_payment_of_this_hour_goes_to_nobody_and_the_next_day_it_does(what: str) -> None:
    sweeper = Sweeper(row(**LAGGING[what]))
    payment = moved(sweeper, Status.SUCCEEDED, SECONDS)
    sweeper.sweep()
    assert sweeper.standing(payment) == payment
    assert sweeper.findings() == [("unconfirmed", "none")]
    assert sweeper.gateway.asked == []
    sweeper.sweep(anew=True)
    assert sweeper.standing(payment).status is Status.NEEDS_REVIEW


def test_nor_does_one_that_is_marked_as_suspicious() -> None:
    sweeper = Sweeper(row(suspicious_date="2027-02-01T00:00:00Z"))
    payment = moved(sweeper, Status.SUCCEEDED, SECONDS)
    sweeper.sweep()
    assert sweeper.standing(payment) == payment
    assert sweeper.findings() == [("suspicious", "none")]


def test_nor_an_open_one_of_which_other_facts_are_listed() -> None:
    sweeper = Sweeper(row(amount="7"))
    payment = moved(sweeper, Status.PENDING, SECONDS)
    sweeper.sweep()
    assert sweeper.standing(payment) == payment
    assert sweeper.findings() == [("unconfirmed", "none")]


def test_nor_one_that_the_status_api_alone_contradicts() -> None:
    sweeper = Sweeper(row())
    payment = moved(sweeper, Status.PENDING, SECONDS)
    sweeper.gateway.will_say(samples.report(amount=None))
    sweeper.sweep()
    assert sweeper.standing(payment) == payment
    assert sweeper.findings() == [("unconfirmed", "none")]


def test_a_paid_one_that_is_not_listed_yet_keeps_its_mark() -> None:
    sweeper = Sweeper()
    payment = moved(sweeper, Status.SUCCEEDED, SECONDS)
    sweeper.sweep()
    assert sweeper.standing(payment) == payment
    assert sweeper.findings() == [("unconfirmed", "none")]
    assert sweeper.on_unlisted() == {payment.id}
    assert sweeper.gateway.asked == []


def test_news_of_money_is_settled_at_once_all_the_same() -> None:
    sweeper = Sweeper(row())
    payment = moved(sweeper, Status.FAILED, SECONDS)
    sweeper.sweep()
    assert sweeper.standing(payment).status is Status.SUCCEEDED
    assert sweeper.findings() == [("late_success", "settled")]


@pytest.mark.parametrize("said", ["PENDING", "INIT", "ON_HOLD"])
@pytest.mark.parametrize("amount", ["100", "7"])
def test_a_row_without_a_verdict_takes_no_shopper_from_the_gateways_page(said: str, amount: str) -> None:
    sweeper = Sweeper(row(said, amount=amount))
    payment = moved(sweeper, Status.REQUIRES_ACTION, timedelta(hours=2), redirect_url=PAGE)
    sweeper.sweep()
    assert sweeper.standing(payment) == payment
    assert sweeper.standing(payment).redirect_url == PAGE
    assert sweeper.findings() == []
    assert sweeper.gateway.asked == []


def test_a_refund_that_it_shows_is_heard() -> None:
    sweeper = Sweeper(row("ON_HOLD", refund_date="2027-02-01T00:00:00Z"))
    payment = moved(sweeper, Status.SUCCEEDED, timedelta(hours=2))
    sweeper.sweep()
    assert sweeper.standing(payment).refund.status == "refunded"


class TestTheNameOfATransaction:
    """A payment in doubt has no transaction id of its own yet; the list's is taken where nothing speaks against it."""

    def test_is_taken_from_a_row_that_fits(self) -> None:
        sweeper = Sweeper(row("PENDING"))
        payment = sweeper.claimed()
        sweeper.sweep()
        assert sweeper.standing(payment).transaction_id == samples.TRANSACTION_ID

    def test_is_not_a_strangers(self) -> None:
        """A row under our order id that is about another sum: whoever refunds it would send that sum back."""
        sweeper = Sweeper(row(transaction_id="STRANGER", amount="99999"))
        payment = sweeper.claimed()
        for _ in range(2):
            sweeper.sweep(anew=True)
            after = sweeper.standing(payment)
            assert (after.status, after.transaction_id) == (Status.NEEDS_REVIEW, None)

    def test_is_not_taken_while_its_own_answer_is_still_to_come(self) -> None:
        sweeper = Sweeper(row("PENDING", created_at=None))
        payment = sweeper.claimed(at=SWEPT_AT - SECONDS)
        sweeper.sweep()
        assert sweeper.standing(payment) == payment
