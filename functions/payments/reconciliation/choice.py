"""Choice: which reconciliation a call continues, the one that stands or a fresh one in its place. Pure."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from payments.reconciliation.checkpoint import Checkpoint
from payments.reconciliation.plan import DailyPlan, days_of

TOO_OLD: Final = timedelta(days=6)
"""An unfinished reconciliation by hand older than this begins afresh: a cursor of last week is of no use."""

DAILY_TOO_OLD: Final = timedelta(days=28)
"""The schedule works on a daily one all the time, however long it takes; the parts of its report are kept for thirty
days."""


def choice(standing: Checkpoint, *, fresh: Checkpoint, anew: bool) -> Checkpoint:
    """The reconciliation of one span to continue."""
    if standing.live is not fresh.live:  # the stack was switched to the other mode, with other payments
        return fresh
    if standing.phase == "done" and (anew or standing.started_at.date() <= standing.span.last):
        return fresh  # requested again, or its last day was not over when it began: more has happened since
    if _is_too_old(standing, fresh):
        return replace(fresh, since=standing.since)
    return _unstuck(standing) if anew and standing.phase == "stuck" else standing


def daily_choice(standing: Checkpoint, *, fresh: Checkpoint, plan: DailyPlan, anew: bool) -> Checkpoint:
    """The daily reconciliation to continue. One that is under way is not left because a day is over.

    The next one looks again at what was left open, and at all days of one that did not finish.
    """
    if standing.live is not fresh.live:
        return fresh
    begun = standing.started_at.date()
    is_over = standing.phase in ("done", "stuck") and begun < fresh.started_at.date()
    if is_over or (anew and standing.phase == "done") or _is_too_old(standing, fresh):
        is_finished = standing.phase == "done"
        again = {*standing.left_open, *(() if is_finished else days_of(standing.compared))}
        spans = plan.spans(begun if is_finished else standing.previous, again)
        return replace(fresh, spans=spans, span=spans[0], previous=begun if is_finished else standing.previous)
    return _unstuck(standing) if anew and standing.phase == "stuck" else standing


def _is_too_old(standing: Checkpoint, fresh: Checkpoint) -> bool:
    limit = DAILY_TOO_OLD if standing.daily else TOO_OLD
    return standing.phase != "done" and fresh.started_at - standing.started_at > limit


def _unstuck(standing: Checkpoint) -> Checkpoint:
    return replace(standing.restarted(), restarts=0)
