"""The rules of the reconciliation: calls that are cut off at any step, and continue at their checkpoint."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from payments.reconciliation.plan import DailyPlan
from payments.reconciliation.run import LEASE
from payments.reconciliation.transaction_list import Span
from tests.fakes.clock import START
from tests.proof import reconciliation_promises
from tests.proof.list_model import moment
from tests.proof.machine import PaymentMachine, recent, steps
from tests.proof.operated_system import OperatedSystem
from tests.proof.reached import reached


class ReconciliationRules(PaymentMachine):
    """The schedule, or a person, reconciles the days until now."""

    system: OperatedSystem

    @rule(days=st.sampled_from([0, 2, 30]), steps=steps)
    def a_reconciliation_is_called(self, days: int, steps: int | None) -> None:
        """It begins, or continues."""
        self.system.advance(self.system.reconcile(self._days_until_today(days)), steps)

    @rule(days=st.sampled_from([1, 3, 30]), daily=st.sampled_from([1, 2]), steps=steps, later=st.booleans())
    def the_schedule_calls(self, days: int, daily: int, steps: int | None, later: bool) -> None:  # noqa: FBT001
        """The daily reconciliation begins or continues, perhaps on the next day."""
        if later:
            self.system.pass_time(24 * 60 * 60)
        today = moment(self.system.elapsed).date()
        window = Span(today - timedelta(days=days), today - timedelta(days=1))
        self.system.advance(self.system.reconcile(DailyPlan(window, daily)), steps)

    @precondition(lambda self: self.system.begun)
    @rule(nth=recent, steps=steps, anew=st.booleans())
    def a_reconciliation_is_called_again(self, nth: int, steps: int | None, anew: bool) -> None:  # noqa: FBT001
        span = self.system.begun[-1 - nth % len(self.system.begun)]
        self.system.advance(self.system.reconcile(span, anew=anew), steps)

    @rule(days=st.sampled_from([0, 2, 30]), deaths=st.lists(st.integers(1, 60), min_size=1, max_size=3))
    def a_reconciliation_is_killed_and_continued(self, days: int, deaths: list[int]) -> None:
        """Each call is killed after so many steps, and the next one starts when the lease is over."""
        span = self._days_until_today(days)
        for death in deaths:
            call = self.system.reconcile(span)
            self.system.advance(call, death)
            if not call.is_finished:
                reached("a reconciliation is killed")
                self.system.kill(call)
            self.system.pass_time(LEASE.total_seconds() + 10)
        self.system.advance(self.system.reconcile(span))

    def _days_until_today(self, days: int) -> Span:
        today = moment(self.system.elapsed).date()
        return Span(max(START.date(), today - timedelta(days=days)), today)

    @invariant()
    def no_listed_row_is_skipped(self) -> None:
        """Each reconciliation that finishes has recorded or reported what its list showed when it began."""
        for checkpoint in self.system.finished:
            reconciliation_promises.every_listed_fact_is_recorded_or_reported(self.system, checkpoint)
        self.system.finished.clear()
