"""A reconciliation may be cut off anywhere: out of time, or killed between two writes. The result is the same."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import chain, repeat

import pytest

from payments.ports.gateway import NoAnswer
from payments.reconciliation.run import LEASE
from tests.fakes.crashing_ledger import Crash, CrashingProxy, CrashPoint
from tests.payments.reconciliation.eventful_day import ASKED, FOUND, eventful, one_step, same
from tests.payments.reconciliation.reconciler import PLENTY, Reconciler


@pytest.fixture(scope="module")
def undisturbed() -> Reconciler:
    reconciler = eventful()
    assert reconciler.run()["discrepancies"] == FOUND
    return reconciler


class Death(CrashPoint):
    """A killed process does not give its lease back either."""

    def step(self, name: str) -> None:
        """One call further; once dead, every call fails."""
        super().step(name)
        if self.dies_at is not None and len(self.steps) > self.dies_at:
            raise Crash(name)


class TestKilled:
    """The process dies right before or right after any call to a port; the next call finishes."""

    @staticmethod
    def steps() -> int:
        reconciler, crash_point = eventful(), CrashPoint()
        reconciler.clock.forward(hours=1)
        reconciler.wired(partial(CrashingProxy, crash_point=crash_point)).take(ASKED, lambda: PLENTY)
        return len(crash_point.steps)

    @pytest.mark.parametrize("times", [1, 2])
    def test_at_any_step_nothing_is_lost_and_nothing_is_reported_twice(
        self, undisturbed: Reconciler, times: int
    ) -> None:
        for dies_at in range(self.steps()):
            reconciler = eventful()
            for _ in range(times):
                reconciler.clock.forward(hours=1)
                with suppress(Crash):
                    reconciler.wired(partial(CrashingProxy, crash_point=Death(dies_at))).take(ASKED, lambda: PLENTY)
            result = reconciler.run()
            assert (result["state"], result["discrepancies"]) == ("finished", FOUND), dies_at
            same(reconciler, undisturbed)

    def test_a_killed_call_holds_the_reconciliation_no_longer_than_its_lease(self) -> None:
        reconciler = eventful()
        crash_point = Death(12)
        with pytest.raises(Crash):
            reconciler.wired(partial(CrashingProxy, crash_point=crash_point)).take(ASKED, lambda: PLENTY)
        assert reconciler.wired().take(ASKED, lambda: PLENTY)["state"] == "held"
        reconciler.clock.now += LEASE
        assert reconciler.wired().take(ASKED, lambda: PLENTY)["state"] == "finished"


class TestOutOfTime:
    def test_calls_of_one_step_each_have_the_same_result(self, undisturbed: Reconciler) -> None:
        reconciler = eventful()
        results = [reconciler.run(one_step())]
        while results[-1]["state"] == "unfinished":
            results.append(reconciler.run(one_step()))
            assert len(results) < 50
        same(reconciler, undisturbed)
        rows = [result["rows"] for result in results]
        assert rows == sorted(rows)
        assert all(result["report"] is None for result in results[:-1])

    def test_a_finished_reconciliation_is_left_alone(self) -> None:
        reconciler = eventful()
        first = reconciler.run()
        asked = len(reconciler.listing.asked)
        assert reconciler.run() == first
        assert len(reconciler.listing.asked) == asked
        assert reconciler.console.read().count("ReconciliationsFinished") == 0, (
            "metrics are written at the end of the call"
        )

    def test_anew_continues_an_unfinished_reconciliation(self) -> None:
        reconciler = eventful()
        reconciler.run(one_step())
        assert reconciler.run(anew=True)["discrepancies"] == FOUND

    def test_a_page_is_not_requested_without_the_time_for_it(self) -> None:
        reconciler = eventful()
        assert reconciler.run(lambda: 60.0)["state"] == "unfinished"
        assert reconciler.listing.asked == []

    def test_rows_are_not_begun_without_the_time_for_a_question(self) -> None:
        reconciler = eventful()
        result = reconciler.run(sequence(900, 900, 900, 11))
        assert (result["state"], result["rows"]) == ("unfinished", 0)
        assert reconciler.run()["discrepancies"] == FOUND

    def test_the_requests_seconds_limit_the_call(self) -> None:
        reconciler = eventful()
        invocation = reconciler.wired()
        ticking = iter(range(10_000))
        invocation = invocation.__class__(
            invocation.reconciliation,
            invocation.telemetry,
            invocation.address,
            invocation.days,
            lambda: float(next(ticking)),
        )
        assert invocation.take({**ASKED, "seconds": 3}, lambda: PLENTY)["state"] == "unfinished"


def sequence(*seconds: float) -> Callable[[], float]:
    left = chain(seconds, repeat(seconds[-1]))
    return lambda: next(left)


def test_the_next_call_continues_after_an_outage_of_the_gateway(undisturbed: Reconciler) -> None:
    reconciler = eventful()
    reconciler.listing.script_pages(None, *[NoAnswer("no answer")] * 3)
    result = reconciler.run()
    assert (result["state"], result["rows"]) == ("unfinished", 3)
    assert reconciler.paused == [1.0, 3.0]
    assert '"reconciliation_page_unanswered"' in reconciler.console.read()
    assert reconciler.run()["state"] == "finished"
    same(reconciler, undisturbed)


class TestOldReconciliations:
    def test_an_unfinished_reconciliation_with_expired_parts_begins_afresh(self) -> None:
        reconciler = eventful()
        reconciler.run(one_step())
        reconciler.files.files.clear()
        reconciler.clock.forward(hours=6 * 24)
        assert reconciler.run()["discrepancies"] == FOUND, "the old one's changes are reported, too"

    def test_a_younger_reconciliation_continues(self) -> None:
        reconciler = eventful()
        reconciler.run(one_step())
        asked = len(reconciler.listing.asked)
        reconciler.clock.forward(hours=5 * 24)
        reconciler.run()
        assert reconciler.listing.asked[asked][1] is not None

    def test_an_old_finished_reconciliation_is_left_alone(self) -> None:
        reconciler = eventful()
        first = reconciler.run()
        reconciler.clock.forward(hours=100 * 24)
        assert reconciler.run() == first
