"""Outcomes that only the gateway's list shows."""

from typing import Any

import pytest

from payments.follow_up.finish import FollowUps
from payments.model.status import FREES_THE_ORDER, OPEN, Status
from tests.fakes import samples
from tests.fakes.bus import RecordingBus
from tests.fakes.transaction_list import row
from tests.payments.reconciliation.listed_facts import REFUNDED, WORDS, last
from tests.payments.reconciliation.reconciler import Reconciler


class TestVerdicts:
    @pytest.mark.parametrize("said", WORDS)
    @pytest.mark.parametrize("status", sorted(OPEN))
    def test_an_open_payments_outcome_is_recorded(self, said: str, status: Status) -> None:
        reconciler = Reconciler(row(said))
        payment = reconciler.claimed() if status is Status.PROCESSING else reconciler.settled(status)
        reconciler.run()
        after = reconciler.standing(payment)
        assert (after.status, after.transaction_id) == (WORDS[said], samples.TRANSACTION_ID)
        assert last(after) == (WORDS[said], "reconciliation")
        assert reconciler.discrepancies() == [("recorded", "recorded")]
        assert reconciler.on_unlisted() == set()

    @pytest.mark.parametrize("said", ["INIT", "PENDING", "REDIRECT"])
    def test_a_payment_open_on_both_sides_has_no_discrepancy(self, said: str) -> None:
        reconciler = Reconciler(row(said))
        reconciler.settled(Status.PENDING)
        reconciler.run()
        assert reconciler.discrepancies() == []

    @pytest.mark.parametrize("status", sorted(FREES_THE_ORDER))
    def test_an_unpaid_payment_that_was_paid_after_all_is_a_late_success(self, status: Status) -> None:
        reconciler = Reconciler(row())
        payment = reconciler.settled(status)
        reconciler.run()
        assert reconciler.standing(payment).status is Status.SUCCEEDED
        assert reconciler.discrepancies() == [("late_success", "recorded")]
        assert "late_success" in reconciler.console.read()

    @pytest.mark.parametrize("wrong", [{"amount": "10000"}, {"currency": "EUR"}])
    def test_an_open_payment_with_another_amount_or_currency_is_reviewed(self, wrong: dict[str, Any]) -> None:
        reconciler = Reconciler(row(**wrong))
        payment = reconciler.claimed()
        reconciler.run()
        assert reconciler.standing(payment).status is Status.NEEDS_REVIEW
        assert reconciler.discrepancies() == [("mismatch", "needs_review")]
        assert len(reconciler.gateway.asked) == 1

    @pytest.mark.parametrize(("here", "said"), [(Status.FAILED, "BLOCKED"), (Status.ABANDONED, "FAILED")])
    def test_two_unpaid_statuses_are_only_reported(self, here: Status, said: str) -> None:
        reconciler = Reconciler(row(said))
        payment = reconciler.settled(here)
        reconciler.run()
        assert reconciler.standing(payment) == payment
        assert reconciler.discrepancies() == [("status_differs", "none")]
        assert reconciler.gateway.asked == []


def test_the_follow_up_publishes_what_the_reconciliation_has_recorded() -> None:
    reconciler = Reconciler(row(**REFUNDED), row(transaction_id="PA7", order_id="theirs"))
    reconciler.paid()
    reconciler.run()
    bus = RecordingBus()
    follow_ups = FollowUps(reconciler.ledger, reconciler.gateway, bus, reconciler.clock, reconciler.console.telemetry)
    for due in list(reconciler.ledger.due(reconciler.clock.forward(minutes=1), 100)):
        follow_ups.take(due)
    assert sorted(bus.types()) == [
        "payment.needs_review",
        "payment.processing",
        "payment.processing",
        "payment.refunded",
        "payment.succeeded",
    ]
    assert {event.detail["metadata"]["source"] for event in bus.events} == {"request", "answer", "reconciliation"}
