"""Signals: each one says which payment, or which part of the list, it is about, and names no other."""

from dataclasses import replace

import pytest

from payments.ports.gateway import NoAnswer
from payments.reconciliation.checkpoint import new_checkpoint
from payments.reconciliation.errors import ListStuck
from tests.fakes.clock import START
from tests.fakes.telemetry import RecordingTelemetry
from tests.fakes.transaction_list import row
from tests.payments.reconciliation.listed_facts import SUSPICIOUS
from tests.payments.reconciliation.reconciler import SPAN, Reconciler
from tests.payments.reconciliation.test_pagination import page


@pytest.fixture
def telemetry() -> RecordingTelemetry:
    return RecordingTelemetry()


def watched(telemetry: RecordingTelemetry, *rows: object) -> Reconciler:
    reconciler = Reconciler(*rows)
    reconciler.telemetry = telemetry
    return reconciler


def test_an_adopted_orphans_lines_name_its_payment_and_its_transaction(telemetry: RecordingTelemetry) -> None:
    reconciler = watched(telemetry, row(transaction_id="PA7", order_id="theirs-1"))
    reconciler.run()
    (payment,) = reconciler.ledger.payments()
    assert telemetry.subjects == [(payment.id, None, "PA7")], "the order id is not one of ours"
    assert telemetry.notes == [
        (
            "payment_needs_review",
            {"payment_id": payment.id, "status": "needs_review", "source": "reconciliation"},
        )
    ]


def test_a_reviewed_payments_lines_name_its_order_and_its_transaction(telemetry: RecordingTelemetry) -> None:
    reconciler = watched(telemetry, row(**SUSPICIOUS))
    payment = reconciler.paid()
    reconciler.run()
    assert telemetry.subjects == [(payment.id, payment.order_id, payment.transaction_id)]
    assert telemetry.facts_of("payment_needs_review") == [
        {"payment_id": payment.id, "status": "needs_review", "source": "reconciliation"}
    ]


def test_a_status_without_an_answer_names_the_payment_and_the_error(telemetry: RecordingTelemetry) -> None:
    reconciler = watched(telemetry)
    payment = reconciler.paid()
    reconciler.gateway.script_statuses(NoAnswer("no answer"))
    reconciler.run()
    assert telemetry.facts_of("status_unanswered") == [{"payment_id": payment.id, "error": "NoAnswer"}]


def test_a_spent_budget_says_why_and_how_much_was_contradicted(telemetry: RecordingTelemetry) -> None:
    reconciler = watched(telemetry)
    standing = replace(new_checkpoint(SPAN, live=False, at=START), contradictions=100)
    reconciler.checkpoints.take(standing, "other", START, START)
    reconciler.paid()
    reconciler.run()
    assert reconciler.gateway.asked == []
    assert telemetry.facts_of("reconciliation_doubtful") == [{"why": "too much contradicted", "count": 100}]


def test_a_page_without_an_answer_names_the_error_and_ends_the_call(telemetry: RecordingTelemetry) -> None:
    reconciler = watched(telemetry)
    reconciler.listing.script_pages(page("PA1", "PA2"), *[NoAnswer("no answer")] * 3)
    reconciler.run()
    assert telemetry.facts_of("reconciliation_page_unanswered") == [{"error": "NoAnswer"}]
    assert telemetry.facts_of("reconciliation_unfinished") == [{"why": "ListUnanswered", "rows": 2}]


def test_a_stuck_list_names_the_reason_and_the_rows_read(telemetry: RecordingTelemetry) -> None:
    reconciler = watched(telemetry)
    reconciler.listing.script_pages(page("PA1", "PA2"), page("PA3", cursor=None))
    with pytest.raises(ListStuck):
        reconciler.run()
    assert telemetry.facts_of("reconciliation_stuck") == [{"why": "no_cursor", "rows": 2}]


def test_a_list_with_holes_names_the_reason_and_the_rows_read(telemetry: RecordingTelemetry) -> None:
    reconciler = watched(telemetry)
    reconciler.listing.script_pages(page("PA1", has_next=False, cursor=None, total=500))
    reconciler.run()
    assert telemetry.facts_of("reconciliation_doubtful") == [
        {"why": "fewer rows than announced", "rows": 1, "total": 500}
    ]


def test_an_empty_list_without_a_total_counts_as_none_announced(telemetry: RecordingTelemetry) -> None:
    reconciler = watched(telemetry)
    reconciler.paid()
    reconciler.listing.script_pages(page(has_next=False, cursor=None))
    reconciler.run()
    assert telemetry.facts_of("reconciliation_doubtful") == [{"why": "no rows", "rows": 0, "total": 0}]


def test_lines_after_the_payments_name_no_payment_any_more(telemetry: RecordingTelemetry) -> None:
    reconciler = watched(telemetry)
    reconciler.listing.script_pages(page("PA1"), *[NoAnswer("no answer")] * 3)
    reconciler.run()
    assert telemetry.subjects[-1] == (None, None, None)
