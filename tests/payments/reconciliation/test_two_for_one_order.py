"""Two transactions under one order id: the order is not free while one of them may be paid, whichever comes first."""

from datetime import timedelta
from typing import Any

import pytest

from payments.model.history import Failure
from payments.model.payment import Payment
from payments.model.status import FREES_THE_ORDER, Status
from payments.ports.gateway import NoAnswer
from tests.fakes import samples
from tests.fakes.transaction_list import row
from tests.payments.reconciliation.reconciler import Sweeper

FIRST = samples.TRANSACTION_ID
SECOND = "PA7"
BOTH = [row("FAILED"), row(transaction_id=SECOND)]
"""The shopper's first card was declined at the gateway's page, the second was not."""


def others(sweeper: Sweeper, ours: Payment) -> list[tuple[str | None, Status, str | None]]:
    return [(p.transaction_id, p.status, p.order_id) for p in sweeper.ledger.payments() if p.id != ours.id]


def test_a_second_charge_that_is_paid_takes_the_order_back_for_a_human() -> None:
    sweeper = Sweeper(*BOTH)
    ours = sweeper.settled(Status.FAILED)
    sweeper.sweep()
    after = sweeper.standing(ours)
    assert (after.status, after.transaction_id) == (Status.NEEDS_REVIEW, FIRST)
    assert after.failure is not None
    assert after.failure.code == "other_transaction"
    assert after.history[-1].evidence == {"finding": "other_transaction", "other_transaction_id": SECOND}
    assert others(sweeper, ours) == [(SECOND, Status.NEEDS_REVIEW, None)]
    told = {(line["finding"], line["action"], line["transaction_id"]) for line in sweeper.report()["findings"]}
    assert told == {("other_transaction", "needs_review", SECOND), ("orphan", "needs_review", SECOND)}


@pytest.mark.parametrize("page_size", [1, 2])
@pytest.mark.parametrize("rows", [BOTH, BOTH[::-1]])
@pytest.mark.parametrize("known_to_the_status_api", [FIRST, SECOND])
def test_one_in_doubt_is_paid_or_looked_at_whatever_comes_first(
    rows: list[dict[str, Any]], page_size: int, known_to_the_status_api: str
) -> None:
    sweeper = Sweeper(*rows, page_size=page_size)
    ours = sweeper.claimed()
    said = {FIRST: samples.report("FAILED"), SECOND: samples.report(transaction_id=SECOND)}
    sweeper.gateway.answers[ours.wire_order_id] = said[known_to_the_status_api]
    sweeper.sweep()
    after = sweeper.standing(ours)
    assert not after.frees_the_order
    if known_to_the_status_api == SECOND:
        assert (after.status, after.transaction_id) == (Status.SUCCEEDED, SECOND)
        assert others(sweeper, ours) == [(FIRST, Status.FAILED, None)]
    else:
        assert (after.status, after.transaction_id) == (Status.NEEDS_REVIEW, FIRST)
        assert others(sweeper, ours) == [(SECOND, Status.NEEDS_REVIEW, None)]
    before = sweeper.ledger.payments()
    sweeper.sweep(anew=True)
    assert sweeper.ledger.payments() == before


def test_of_one_in_doubt_nothing_is_guessed_while_nobody_answers() -> None:
    sweeper = Sweeper(*BOTH)
    ours = sweeper.claimed()
    sweeper.gateway.will_say(*[NoAnswer("no answer")] * 2)
    sweeper.sweep()
    assert sweeper.ledger.payments() == [ours]
    assert sweeper.findings() == [("unconfirmed", "none")] * 2


@pytest.mark.parametrize("status", [Status.PENDING, Status.REQUIRES_ACTION, *sorted(FREES_THE_ORDER)])
def test_it_does_not_matter_how_far_ours_has_come(status: Status) -> None:
    sweeper = Sweeper(row(transaction_id=SECOND))
    ours = sweeper.settled(status)
    sweeper.sweep()
    assert sweeper.standing(ours).status is Status.NEEDS_REVIEW


@pytest.mark.parametrize(
    "harmless",
    [
        {"said": "FAILED"},
        {"said": "PENDING"},
        {"refund_date": "2027-02-01T00:00:00Z"},
        {"chargeback_date": "2027-02-01T00:00:00Z"},
        {"amount": "5"},
        {"currency": "EUR"},
    ],
)
def test_what_is_unpaid_gone_back_or_another_shops_order_of_that_name_leaves_ours_alone(
    harmless: dict[str, Any],
) -> None:
    sweeper = Sweeper(row("FAILED"), row(**{"transaction_id": SECOND, **harmless}))
    ours = sweeper.settled(Status.FAILED)
    sweeper.sweep()
    assert sweeper.standing(ours) == ours
    assert {finding for finding, _ in sweeper.findings()} <= {"orphan", "refunded_elsewhere", "charged_back"}


def test_one_that_is_paid_twice_is_an_orphan_beside_ours() -> None:
    sweeper = Sweeper(row(), row(transaction_id=SECOND))
    ours = sweeper.paid()
    sweeper.sweep()
    assert sweeper.standing(ours) == ours
    assert sweeper.findings() == [("orphan", "needs_review")]


def test_a_human_is_called_once_and_decides_for_good() -> None:
    sweeper = Sweeper(*BOTH)
    ours = sweeper.settled(Status.FAILED)
    sweeper.sweep()
    now = sweeper.standing(ours)
    failure = Failure("declined", "the other one is the order's")
    moved = now.moved(Status.FAILED, at=sweeper.clock(), source="operator", evidence={}, failure=failure)
    mine = sweeper.ledger.save(now, moved)
    for _ in range(2):
        sweeper.sweep(anew=True)
        assert sweeper.standing(ours) == mine
        assert ("other_transaction", "none") in sweeper.findings()


def test_a_paid_one_that_comes_late_under_our_own_id_is_not_taken_for_decided() -> None:
    """What the human knew was the other one's word."""
    sweeper = Sweeper(*BOTH)
    ours = sweeper.settled(Status.FAILED)
    sweeper.sweep()
    now = sweeper.standing(ours)
    sweeper.ledger.save(now, now.moved(Status.FAILED, at=sweeper.clock(), source="operator", evidence={}))
    sweeper.listing.told = [row(), row(transaction_id=SECOND)]
    sweeper.sweep(anew=True)
    assert sweeper.standing(ours).status is Status.NEEDS_REVIEW
    assert ("status_drift", "needs_review") in sweeper.findings()


def test_a_stranger_that_we_know_already_is_weighed_against_ours_again() -> None:
    """Ours failed a moment ago, and was left alone; a day later it is looked at."""
    sweeper = Sweeper(*BOTH)
    ours = sweeper.claimed()
    at = sweeper.clock.now + timedelta(minutes=59)
    moved = ours.moved(Status.FAILED, at=at, source="webhook", evidence={}, transaction_id=FIRST)
    sweeper.ledger.save(ours, moved)
    sweeper.sweep()
    assert sweeper.standing(ours).status is Status.FAILED
    assert sweeper.findings() == [("other_transaction", "none"), ("orphan", "needs_review")]
    sweeper.sweep(anew=True)
    assert sweeper.standing(ours).status is Status.NEEDS_REVIEW
    assert sweeper.findings() == [("other_transaction", "needs_review"), ("undecided", "none")]
