"""The reconciliation that a call continues, or begins in place of the one that stands."""

from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from payments.reconciliation.checkpoint import Checkpoint, new_checkpoint
from payments.reconciliation.confirmation import Confirmation
from payments.reconciliation.errors import OutOfTime
from payments.reconciliation.run import Deadlines
from tests.fakes.clock import START
from tests.fakes.gateway import ScriptedGateway
from tests.fakes.telemetry import RecordingTelemetry
from tests.payments.reconciliation.reconciler import NEXT_DAY, PLENTY, SPAN, Reconciler

NOW = NEXT_DAY + timedelta(hours=1)
"""When `Reconciler.run` reconciles."""


def standing(reconciler: Reconciler, at: datetime = START, **changes: Any) -> Checkpoint:
    """A reconciliation of the sample payment's day that stands since `at`."""
    checkpoint = replace(new_checkpoint(SPAN, live=False, at=at), **changes)
    reconciler.checkpoints.take(checkpoint, "other", START, START)
    return checkpoint


def now(reconciler: Reconciler) -> Checkpoint:
    (held,) = reconciler.checkpoints.kept.values()
    return held.checkpoint


def test_an_unfinished_one_of_exactly_six_days_continues() -> None:
    reconciler = Reconciler()
    old = standing(reconciler, NOW - timedelta(days=6), rows=1)
    reconciler.run()
    assert now(reconciler).started_at == old.started_at


def test_a_new_one_in_place_of_a_too_old_one_reports_what_the_old_one_would_have() -> None:
    reconciler = Reconciler()
    old = standing(reconciler, NOW - timedelta(days=6, seconds=1), since=NOW - timedelta(days=9))
    reconciler.run()
    after = now(reconciler)
    assert (after.started_at, after.since, after.daily) == (NOW, old.since, False)


@pytest.mark.parametrize(("seconds", "continues"), [(0, True), (1, False)])
def test_a_daily_one_is_too_old_after_four_weeks_and_its_changes_are_reported(seconds: int, *, continues: bool) -> None:
    reconciler = Reconciler()
    old = standing(reconciler, NEXT_DAY - timedelta(days=28, seconds=seconds), spans=(SPAN,), daily=True)
    reconciler.checkpoints.note_reported(NEXT_DAY - timedelta(days=40))
    reconciler.wired().take({}, lambda: PLENTY)
    after = now(reconciler)
    if continues:
        assert after.started_at == old.started_at
    else:
        assert (after.started_at, after.since, after.daily) == (NEXT_DAY, NEXT_DAY - timedelta(days=40), True)


def test_one_that_is_requested_again_by_hand_leaves_the_daily_one_of_the_same_days_alone() -> None:
    reconciler = Reconciler()
    daily = standing(reconciler, spans=(SPAN,), daily=True)
    reconciler.run()
    reconciler.run(anew=True)
    assert reconciler.checkpoints.kept["daily"].checkpoint == daily


def test_a_stuck_one_requested_anew_restarts_its_list_and_keeps_its_start() -> None:
    reconciler = Reconciler()
    stuck = standing(reconciler, phase="stuck", rows=7, incomplete_because="cursor_again")
    reconciler.run(anew=True)
    assert (now(reconciler).started_at, now(reconciler).phase, now(reconciler).rows) == (stuck.started_at, "done", 1)


def test_a_list_that_is_stuck_is_kept_with_the_reason() -> None:
    reconciler = Reconciler()
    standing(reconciler, phase="listing", cursor="from-9", restarts=3)
    with pytest.raises(Exception, match=r"\(cursor_refused\)"):
        reconciler.run()
    assert (now(reconciler).phase, now(reconciler).incomplete_because) == ("stuck", "cursor_refused")


def test_a_daily_one_is_reported_until_right_after_its_end() -> None:
    reconciler = Reconciler()
    reconciler.wired().take({}, lambda: PLENTY)
    finished_at = now(reconciler).finished_at
    assert finished_at is not None
    assert reconciler.checkpoints.last == finished_at + timedelta(milliseconds=1)


def test_the_first_daily_one_reports_from_its_start_on_even_if_it_does_not_finish() -> None:
    reconciler = Reconciler()
    assert reconciler.wired().take({}, lambda: 0.0)["state"] == "unfinished"
    assert reconciler.checkpoints.last == NEXT_DAY == now(reconciler).since


def test_one_by_hand_moves_no_daily_report() -> None:
    reconciler = Reconciler()
    reconciler.run()
    assert reconciler.checkpoints.last is None


def test_a_finished_one_has_crossed_off_its_last_payments_and_keeps_no_marks_of_rows() -> None:
    reconciler = Reconciler()
    payment = reconciler.paid()
    standing(reconciler, phase="report", to_cross_off=(payment.id,), recent_rows=("mark",))
    reconciler.run()
    assert reconciler.unlisted_ids() == set()
    assert (now(reconciler).phase, now(reconciler).recent_rows, now(reconciler).to_cross_off) == ("done", (), ())


def test_by_itself_a_call_is_not_daily_and_leaves_a_finished_one_alone() -> None:
    reconciler = Reconciler()
    run, deadlines = reconciler.wired().reconciliation.run, Deadlines(lambda: PLENTY, lambda: PLENTY)
    first = run(SPAN, deadlines)
    assert (first.state, reconciler.checkpoints.last) == ("finished", None)
    reconciler.clock.forward(hours=1)
    assert run(SPAN, deadlines) == first


def test_a_call_holds_the_reconciliation_for_five_minutes_at_a_time_and_gives_it_back() -> None:
    reconciler = Reconciler()
    seen: list[datetime | None] = []

    def look() -> float:
        seen.extend(held.until for held in reconciler.checkpoints.kept.values())
        return PLENTY

    reconciler.run(look)
    assert set(seen) == {NOW + timedelta(minutes=5)}
    (held,) = reconciler.checkpoints.kept.values()
    assert (held.holder, held.until) == (None, None)


@pytest.mark.parametrize(("left", "may"), [(-1.0, False), (0.0, False), (0.5, True)])
def test_a_step_begins_while_the_call_has_any_time_left(left: float, *, may: bool) -> None:
    with nullcontext() if may else pytest.raises(OutOfTime):
        Deadlines(lambda: left, lambda: PLENTY).check()


@pytest.mark.parametrize(("left", "may"), [(11.9, False), (12.0, True)])
def test_a_payment_begins_while_the_process_has_twelve_seconds_left(left: float, *, may: bool) -> None:
    with nullcontext() if may else pytest.raises(OutOfTime):
        Confirmation(ScriptedGateway(), RecordingTelemetry(), lambda: left).check_time()
