"""The checkpoint of a reconciliation that restarts at page one."""

from dataclasses import replace
from datetime import timedelta

from payments.reconciliation.checkpoint import new_checkpoint
from payments.reconciliation.totals import CurrencyTotals, Totals
from tests.fakes.clock import START
from tests.payments.reconciliation.reconciler import SPAN


def test_a_restarted_reconciliation_keeps_only_what_was_asked_for_and_what_was_spent() -> None:
    fresh = new_checkpoint(SPAN, live=False, at=START)
    asked = replace(fresh, since=START - timedelta(days=1), daily=True, restarts=1, contradictions=7)
    stuck = replace(
        asked,
        phase="stuck",
        cursor="from-4",
        cycle_marker="from-2",
        pages=2,
        rows=4,
        listed_total=9,
        parts=1,
        counts={"orphan": 1},
        totals={"GBP": CurrencyTotals(Totals(1, 100))},
        to_cross_off=("pay_1",),
        recent_rows=("mark",),
        incomplete_because="cursor_again",
    )
    assert stuck.restarted() == replace(asked, restarts=2)


def test_the_start_is_rounded_down_to_milliseconds_as_it_is_stored() -> None:
    checkpoint = new_checkpoint(SPAN, live=False, at=START.replace(microsecond=2001))
    assert checkpoint.started_at == checkpoint.since == START.replace(microsecond=2000)
