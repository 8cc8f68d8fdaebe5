"""Outcomes that only the gateway's list shows."""

from dataclasses import replace
from typing import Any

import pytest

from payments.model.follow_up import LEFT_TO_RELAY
from payments.model.history import MAX_HISTORY
from payments.model.status import FREES_THE_ORDER, OPEN, Status
from payments.model.supersession import superseded
from tests.fakes import samples
from tests.fakes.bus import RecordingBus
from tests.fakes.clock import START
from tests.fakes.transaction_list import row
from tests.payments.assembled import finisher_of
from tests.payments.reconciliation.listed_facts import REFUNDED, WORDS, last_entry
from tests.payments.reconciliation.reconciler import Reconciler


class TestVerdicts:
    @pytest.mark.parametrize("raw_status", WORDS)
    @pytest.mark.parametrize("status", sorted(OPEN))
    def test_an_open_payments_outcome_is_recorded(self, raw_status: str, status: Status) -> None:
        reconciler = Reconciler(row(raw_status))
        payment = reconciler.claimed() if status is Status.PROCESSING else reconciler.with_status(status)
        reconciler.run()
        after = reconciler.standing(payment)
        assert (after.status, after.transaction_id) == (WORDS[raw_status], samples.TRANSACTION_ID)
        assert last_entry(after) == (WORDS[raw_status], "reconciliation")
        assert reconciler.discrepancies() == [("recorded", "recorded")]
        assert reconciler.unlisted_ids() == set()

    @pytest.mark.parametrize("raw_status", ["INIT", "PENDING", "REDIRECT"])
    def test_a_payment_open_on_both_sides_has_no_discrepancy(self, raw_status: str) -> None:
        reconciler = Reconciler(row(raw_status))
        reconciler.with_status(Status.PENDING)
        reconciler.run()
        assert reconciler.discrepancies() == []

    @pytest.mark.parametrize("status", sorted(FREES_THE_ORDER))
    def test_an_unpaid_payment_that_was_paid_after_all_is_a_late_success(self, status: Status) -> None:
        reconciler = Reconciler(row())
        payment = reconciler.with_status(status)
        reconciler.run()
        assert reconciler.standing(payment).status is Status.SUCCEEDED
        assert reconciler.discrepancies() == [("late_success", "recorded")]
        assert "late_success" in reconciler.console.read()

    def test_a_superseded_payment_that_was_paid_after_all_is_a_late_success(self) -> None:
        reconciler = Reconciler(row())
        payment = reconciler.with_status(Status.REQUIRES_ACTION)
        reconciler.ledger.save(payment, superseded(payment, None, START))
        reconciler.run()
        assert reconciler.standing(payment).status is Status.SUCCEEDED
        assert reconciler.discrepancies() == [("late_success", "recorded")]

    def test_a_superseded_payment_that_failed_is_no_late_success(self) -> None:
        reconciler = Reconciler(row("FAILED"))
        payment = reconciler.with_status(Status.REQUIRES_ACTION)
        reconciler.ledger.save(payment, superseded(payment, None, START))
        reconciler.run()
        assert reconciler.discrepancies() == [("recorded", "recorded")]

    def test_a_payment_that_changes_without_end_is_reviewed_for_no_mismatch(self) -> None:
        reconciler = Reconciler(row())
        payment = reconciler.with_status(Status.PENDING)
        history = (*payment.history, *[replace(payment.history[-1], sequence=n) for n in range(3, MAX_HISTORY + 1)])
        reconciler.ledger.save(payment, replace(payment, history=history))
        reconciler.run()
        assert reconciler.standing(payment).status is Status.NEEDS_REVIEW
        assert ("recorded", "needs_review") in reconciler.discrepancies()

    @pytest.mark.parametrize("wrong", [{"amount": "10000"}, {"currency": "EUR"}])
    def test_an_open_payment_with_another_amount_or_currency_is_reviewed(self, wrong: dict[str, Any]) -> None:
        reconciler = Reconciler(row(**wrong))
        payment = reconciler.claimed()
        reconciler.run()
        assert reconciler.standing(payment).status is Status.NEEDS_REVIEW
        assert reconciler.discrepancies() == [("mismatch", "needs_review")]
        assert len(reconciler.gateway.asked) == 1

    @pytest.mark.parametrize(("here", "raw_status"), [(Status.FAILED, "BLOCKED"), (Status.ABANDONED, "FAILED")])
    def test_two_unpaid_statuses_are_only_reported(self, here: Status, raw_status: str) -> None:
        reconciler = Reconciler(row(raw_status))
        payment = reconciler.with_status(here)
        reconciler.run()
        assert reconciler.standing(payment) == payment
        assert reconciler.discrepancies() == [("status_differs", "none")]
        assert reconciler.gateway.asked == []


def test_the_follow_up_publishes_what_the_reconciliation_has_recorded_and_the_relay_left() -> None:
    reconciler = Reconciler(row(**REFUNDED), row(transaction_id="PA7", order_id="theirs"))
    reconciler.paid()
    reconciler.run()
    bus = RecordingBus()
    finisher = finisher_of(reconciler.ledger, reconciler.gateway, bus, reconciler.clock, reconciler.console.telemetry)
    for due in list(reconciler.ledger.due(reconciler.clock.forward(seconds=LEFT_TO_RELAY.total_seconds()), 100)):
        finisher.lease(due)
    assert sorted(bus.types()) == [
        "payment.needs_review",
        "payment.processing",
        "payment.processing",
        "payment.refunded",
        "payment.succeeded",
    ]
    assert {event.detail["metadata"]["source"] for event in bus.events} == {"request", "answer", "reconciliation"}
