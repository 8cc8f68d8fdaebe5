"""A reconciliation may stop anywhere: out of time, killed between any two writes, overtaken. What comes of it is the same."""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from itertools import chain, repeat
from typing import Any

import pytest

from payments.model.payment import Payment
from payments.model.status import Status
from payments.ports.gateway import NoAnswer
from payments.reconciliation.run import LEASE
from tests.fakes import samples
from tests.fakes.clock import START
from tests.fakes.crashing_ledger import Crash, CrashingProxy, CrashPoint
from tests.fakes.transaction_list import row
from tests.payments.reconciliation.reconciler import DAY, PLENTY, Reconciler

ASKED = {"from": DAY.isoformat(), "to": DAY.isoformat()}


def eventful() -> Reconciler:
    """A stack in which about everything has happened that a reconciliation can find."""
    reconciler = Reconciler(page_size=3)
    refunded = reconciler.paid("refunded", "PA1", order_id="order-1")
    verdict = reconciler.claimed("verdict", order_id="order-2")
    drifting = reconciler.paid("drifting", "PA3", order_id="order-3")
    suspicious = reconciler.paid("suspicious", "PA4", order_id="order-4")
    unknown = reconciler.paid("unknown", "PA5", order_id="order-5")
    plan = replace(unknown.follow_up, missing_since=START)  # it was not known a day ago either
    reconciler.ledger.save(unknown, replace(unknown, follow_up=plan))
    reconciler.paid("not-listed", "PA6", order_id="order-6")
    reconciler.settled(Status.FAILED, key="untaken", transaction_id=None, order_id="order-7")
    reconciler.listing.rows = [
        row(of=refunded, refund_date="2027-02-01T08:00:00Z"),
        row(of=verdict, transaction_id="PA2"),
        row(of=drifting, amount="7"),
        row(of=suspicious, suspicious_date="2027-02-01T08:00:00Z"),
        row(transaction_id="PA8", order_id="theirs-8"),
        row("FAILED", transaction_id="PA9", order_id=None),
        row(transaction_id="PA10", order_id="order-1"),
        {"transaction_id": None},
    ]
    answers = {
        "order-3": samples.transaction(transaction_id="PA3", order_id="order-3", amount=Decimal(7)),
        "order-6": samples.transaction(transaction_id="PA6", order_id="order-6"),
    }
    reconciler.gateway.answers = answers
    return reconciler


FOUND = {
    "refunded_elsewhere": 1,
    "recorded": 1,
    "amount_drift": 1,
    "suspicious": 1,
    "orphan": 3,
    "unreadable_row": 1,
    "unknown_to_gateway": 1,
    "not_listed": 1,
}


def shape(reconciler: Reconciler) -> list[tuple[Any, ...]]:
    """What every payment came to, moments aside."""
    return sorted(
        (p.id, p.status, p.refund.status, p.order_id, [(e.name, e.source) for e in p.history])
        for p in reconciler.ledger.payments()
    )


def lines(reconciler: Reconciler) -> list[tuple[str, str, str | None]]:
    """The report's lines, in order."""
    return [
        (told["discrepancy"], told["action"], told["transaction_id"]) for told in reconciler.report()["discrepancies"]
    ]


@pytest.fixture(scope="module")
def undisturbed() -> Reconciler:
    reconciler = eventful()
    assert reconciler.run()["discrepancies"] == FOUND
    return reconciler


def same(reconciler: Reconciler, undisturbed: Reconciler) -> None:
    assert shape(reconciler) == shape(undisturbed)
    assert lines(reconciler) == lines(undisturbed)
    assert reconciler.report()["totals"] == undisturbed.report()["totals"]
    assert reconciler.report()["counts"] == FOUND
    assert reconciler.on_unlisted() == undisturbed.on_unlisted() == set()


class Death(CrashPoint):
    """Whoever is dead gives nothing back either."""

    def step(self, name: str) -> None:
        """One step further, if there is one."""
        super().step(name)
        if self.dies_at is not None and len(self.steps) > self.dies_at:
            raise Crash(name)


class TestKilled:
    """The process dies right before or right after any call to the outside; the next one finishes."""

    @staticmethod
    def steps() -> int:
        reconciler, crash_point = eventful(), CrashPoint()
        reconciler.clock.forward(hours=1)
        reconciler.wired(partial(CrashingProxy, crash_point=crash_point)).take(ASKED, lambda: PLENTY)
        return len(crash_point.steps)

    @pytest.mark.parametrize("times", [1, 2])
    def test_at_any_step_nothing_is_lost_and_nothing_told_twice(self, undisturbed: Reconciler, times: int) -> None:
        for dies_at in range(self.steps()):
            reconciler = eventful()
            for _ in range(times):
                reconciler.clock.forward(hours=1)
                with suppress(Crash):
                    reconciler.wired(partial(CrashingProxy, crash_point=Death(dies_at))).take(ASKED, lambda: PLENTY)
            result = reconciler.run()
            assert (result["state"], result["discrepancies"]) == ("finished", FOUND), dies_at
            same(reconciler, undisturbed)

    def test_it_keeps_the_reconciliation_from_the_next_call_no_longer_than_its_hold(self) -> None:
        reconciler = eventful()
        crash_point = Death(12)
        with pytest.raises(Crash):
            reconciler.wired(partial(CrashingProxy, crash_point=crash_point)).take(ASKED, lambda: PLENTY)
        assert reconciler.wired().take(ASKED, lambda: PLENTY)["state"] == "held"
        reconciler.clock.now += LEASE
        assert reconciler.wired().take(ASKED, lambda: PLENTY)["state"] == "finished"


class TestOutOfTime:
    def test_calls_of_one_step_each_come_to_the_same(self, undisturbed: Reconciler) -> None:
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

    def test_anew_does_not_begin_an_unfinished_one_again(self) -> None:
        reconciler = eventful()
        reconciler.run(one_step())
        assert reconciler.run(anew=True)["discrepancies"] == FOUND

    def test_a_page_is_not_begun_without_the_time_for_it(self) -> None:
        reconciler = eventful()
        assert reconciler.run(lambda: 60.0)["state"] == "unfinished"
        assert reconciler.listing.asked == []

    def test_rows_are_not_begun_without_the_time_for_a_question(self) -> None:
        reconciler = eventful()
        result = reconciler.run(sequence(900, 900, 900, 11))
        assert (result["state"], result["rows"]) == ("unfinished", 0)
        assert reconciler.run()["discrepancies"] == FOUND

    def test_seconds_of_the_request_bound_the_call(self) -> None:
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


def one_step() -> Callable[[], float]:
    """Time for one step: the call's end is looked at before each, the process's end while it lasts."""
    looked = []

    def seconds() -> float:
        looked.append(1)
        return PLENTY if len(looked) < 12 else 59.0

    return seconds


def sequence(*seconds: float) -> Callable[[], float]:
    left = chain(seconds, repeat(seconds[-1]))
    return lambda: next(left)


class TestTwice:
    def test_the_whole_reconciliation_done_again_changes_nothing(self) -> None:
        reconciler = eventful()
        reconciler.run()
        before = shape(reconciler)
        reconciler.run(anew=True)
        assert shape(reconciler) == before
        assert {discrepancy for discrepancy, _, _ in lines(reconciler)} == {"undecided", "unreadable_row"}
        assert {action for _, action, _ in lines(reconciler)} == {"none"}

    def test_another_span_with_the_same_rows_changes_nothing(self) -> None:
        reconciler = eventful()
        reconciler.run()
        before = shape(reconciler)
        reconciler.run(to="2027-02-01")
        assert shape(reconciler) == before

    def test_two_at_once_adopt_an_orphan_once(self) -> None:
        for _ in range(20):
            reconciler = Reconciler(row(transaction_id="PA7", order_id="theirs-7"), row(transaction_id="PA8"))
            reconciler.clock.forward(hours=1)
            spans = [{"from": "2027-01-30", "to": to} for to in ("2027-01-31", "2027-02-01")]
            start = threading.Barrier(2)

            def go(told: dict[str, str], reconciler: Reconciler = reconciler, start: threading.Barrier = start) -> None:
                start.wait()
                reconciler.wired().take(told, lambda: PLENTY)

            calls = [threading.Thread(target=go, args=[told]) for told in spans]
            for call in calls:
                call.start()
            for call in calls:
                call.join()
            assert len(reconciler.ledger.payments()) == 2
            assert {payment.version for payment in reconciler.ledger.payments()} == {2}

    def test_who_is_overtaken_stops(self) -> None:
        reconciler = eventful()
        invocation = reconciler.wired()
        taken: list[Payment] = []
        cross_off = reconciler.ledger.cross_off

        class Overtaking:
            def __getattr__(self, name: str) -> Any:
                return getattr(reconciler.ledger, name)

            def cross_off(self, ids: Any) -> None:
                if not taken:
                    taken.append(reconciler.ledger.payments()[0])
                    reconciler.clock.now += LEASE
                    assert reconciler.wired().take(ASKED, lambda: PLENTY)["state"] == "finished"
                cross_off(ids)

        invocation = reconciler.wired(lambda target: Overtaking() if target is reconciler.ledger else target)
        asked = len(reconciler.listing.asked)
        assert invocation.take(ASKED, lambda: PLENTY)["state"] == "held"
        assert len(reconciler.listing.asked) == asked + 1 + 3, "a page by the one, all by the other"
        assert reconciler.report()["counts"] == FOUND


def test_a_gateway_that_is_down_is_waited_for_by_the_next_call(undisturbed: Reconciler) -> None:
    reconciler = eventful()
    reconciler.listing.script_pages(None, *[NoAnswer("no answer")] * 3)
    result = reconciler.run()
    assert (result["state"], result["rows"]) == ("unfinished", 3)
    assert reconciler.paused == [1.0, 3.0]
    assert '"reconciliation_page_unanswered"' in reconciler.console.read()
    assert reconciler.run()["state"] == "finished"
    same(reconciler, undisturbed)


class TestOldOnes:
    def test_an_unfinished_one_whose_parts_may_be_gone_begins_afresh(self) -> None:
        reconciler = eventful()
        reconciler.run(one_step())
        reconciler.files.files.clear()
        reconciler.clock.forward(hours=6 * 24)
        assert reconciler.run()["discrepancies"] == FOUND, "what the old one had settled is told, too"

    def test_a_younger_one_goes_on(self) -> None:
        reconciler = eventful()
        reconciler.run(one_step())
        asked = len(reconciler.listing.asked)
        reconciler.clock.forward(hours=5 * 24)
        reconciler.run()
        assert reconciler.listing.asked[asked][1] is not None

    def test_a_finished_one_is_left_alone_however_old(self) -> None:
        reconciler = eventful()
        first = reconciler.run()
        reconciler.clock.forward(hours=100 * 24)
        assert reconciler.run() == first


class TestDaily:
    """The schedule's: each tells what was settled since the one before was done."""

    def daily(self, reconciler: Reconciler, *, to_its_end: bool = True) -> dict[str, Any]:
        reconciler.clock.forward(hours=1)
        invocation = replace(reconciler.wired(), days=120)
        return invocation.take({}, (lambda: PLENTY) if to_its_end else one_step())

    def test_what_an_unfinished_one_has_settled_is_told_by_the_next(self) -> None:
        reconciler = eventful()
        assert self.daily(reconciler, to_its_end=False)["state"] == "unfinished"
        reconciler.clock.forward(hours=24)
        result = self.daily(reconciler)
        assert result["state"] == "finished"
        assert {kind: result["discrepancies"].get(kind) for kind in ("refunded_elsewhere", "recorded", "orphan")} == {
            "refunded_elsewhere": 1,
            "recorded": 1,
            "orphan": 3,
        }

    def test_what_a_finished_one_has_told_the_next_does_not(self) -> None:
        reconciler = eventful()
        self.daily(reconciler)
        reconciler.clock.forward(hours=24)
        assert "refunded_elsewhere" not in self.daily(reconciler)["discrepancies"]

    def test_what_one_by_hand_has_settled_is_told_by_the_next_too(self) -> None:
        reconciler = Reconciler()
        self.daily(reconciler)
        payment = reconciler.paid()
        reconciler.listing.rows = [row(of=payment, refund_date="2027-02-01T08:00:00Z")]
        reconciler.gateway.answers = {payment.wire_order_id: samples.transaction(refunded=True)}
        assert reconciler.run()["discrepancies"] == {"refunded_elsewhere": 1}
        reconciler.clock.forward(hours=24)
        assert self.daily(reconciler)["discrepancies"] == {"refunded_elsewhere": 1}

    def test_the_days_that_were_reconciled_by_hand_count_once_the_schedule_comes_to_them(self) -> None:
        reconciler = eventful()
        first = reconciler.run()
        assert reconciler.wired().take({}, lambda: PLENTY) == first


def test_a_call_that_lost_its_hold_writes_no_part_over_the_other_ones() -> None:
    reconciler = eventful()
    taken: list[bytes] = []
    claim = reconciler.ledger.claim

    class Slow:
        """It asks until its hold is over, and another call does all of the reconciliation."""

        def __getattr__(self, name: str) -> Any:
            return getattr(reconciler.ledger, name)

        def claim(self, *told: Any) -> Payment | None:
            if not taken:
                reconciler.clock.now += LEASE
                assert reconciler.wired().take(ASKED, lambda: PLENTY)["state"] == "finished"
                taken.extend(reconciler.files.files[key] for key in sorted(reconciler.files.files))
            return claim(*told)

    invocation = reconciler.wired(lambda target: Slow() if target is reconciler.ledger else target)
    assert invocation.take(ASKED, lambda: PLENTY)["state"] == "held"
    assert [reconciler.files.files[key] for key in sorted(reconciler.files.files)] == taken


def test_a_report_of_a_day_that_was_not_over_is_no_answer_later() -> None:
    reconciler = Reconciler(row())
    reconciler.paid()
    reconciler.clock.now = START + timedelta(hours=3)
    early = reconciler.run()
    reconciler.clock.now = START + timedelta(days=2)
    late = reconciler.run()
    assert (early["state"], late["state"]) == ("finished", "finished")
    assert early["report"] != late["report"]
    assert reconciler.run()["report"] == late["report"], "its days were over"
