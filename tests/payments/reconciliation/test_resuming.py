"""A sweep may stop anywhere: out of time, killed between any two writes, overtaken. What comes of it is the same."""

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
from payments.reconciliation.run import HOLD
from tests.fakes import samples
from tests.fakes.clock import START
from tests.fakes.crashing_ledger import Crash, Fuse, Wired
from tests.fakes.transaction_list import row
from tests.payments.reconciliation.reconciler import DAY, PLENTY, Sweeper

ASKED = {"from": DAY.isoformat(), "to": DAY.isoformat()}


def eventful() -> Sweeper:
    """A stack in which about everything has happened that a sweep can find."""
    sweeper = Sweeper(page_size=3)
    refunded = sweeper.paid("refunded", "PA1", order_id="order-1")
    verdict = sweeper.claimed("verdict", order_id="order-2")
    drifting = sweeper.paid("drifting", "PA3", order_id="order-3")
    suspicious = sweeper.paid("suspicious", "PA4", order_id="order-4")
    unknown = sweeper.paid("unknown", "PA5", order_id="order-5")
    plan = replace(unknown.follow_up, missing_since=START)  # it was not known a day ago either
    sweeper.ledger.save(unknown, replace(unknown, follow_up=plan))
    sweeper.paid("not-listed", "PA6", order_id="order-6")
    sweeper.settled(Status.FAILED, key="untaken", transaction_id=None, order_id="order-7")
    sweeper.listing.told = [
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
        "order-3": samples.report(transaction_id="PA3", order_id="order-3", amount=Decimal(7)),
        "order-6": samples.report(transaction_id="PA6", order_id="order-6"),
    }
    sweeper.gateway.answers = answers
    return sweeper


FOUND = {
    "refunded_elsewhere": 1,
    "settled": 1,
    "amount_drift": 1,
    "suspicious": 1,
    "orphan": 3,
    "unreadable_row": 1,
    "unknown_to_gateway": 1,
    "not_listed": 1,
}


def shape(sweeper: Sweeper) -> list[tuple[Any, ...]]:
    """What every payment came to, moments aside."""
    return sorted(
        (p.id, p.status, p.refund.status, p.order_id, [(e.name, e.source) for e in p.history])
        for p in sweeper.ledger.payments()
    )


def lines(sweeper: Sweeper) -> list[tuple[str, str, str | None]]:
    """The report's lines, in order."""
    return [(told["finding"], told["action"], told["transaction_id"]) for told in sweeper.report()["findings"]]


@pytest.fixture(scope="module")
def undisturbed() -> Sweeper:
    sweeper = eventful()
    assert sweeper.sweep()["findings"] == FOUND
    return sweeper


def same(sweeper: Sweeper, undisturbed: Sweeper) -> None:
    assert shape(sweeper) == shape(undisturbed)
    assert lines(sweeper) == lines(undisturbed)
    assert sweeper.report()["books"] == undisturbed.report()["books"]
    assert sweeper.report()["counts"] == FOUND
    assert sweeper.on_unlisted() == undisturbed.on_unlisted() == set()


class Death(Fuse):
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
        sweeper, fuse = eventful(), Fuse()
        sweeper.clock.forward(hours=1)
        sweeper.wired(partial(Wired, fuse=fuse)).take(ASKED, lambda: PLENTY)
        return len(fuse.steps)

    @pytest.mark.parametrize("times", [1, 2])
    def test_at_any_step_nothing_is_lost_and_nothing_told_twice(self, undisturbed: Sweeper, times: int) -> None:
        for dies_at in range(self.steps()):
            sweeper = eventful()
            for _ in range(times):
                sweeper.clock.forward(hours=1)
                with suppress(Crash):
                    sweeper.wired(partial(Wired, fuse=Death(dies_at))).take(ASKED, lambda: PLENTY)
            result = sweeper.sweep()
            assert (result["state"], result["findings"]) == ("finished", FOUND), dies_at
            same(sweeper, undisturbed)

    def test_it_keeps_the_sweep_from_the_next_call_no_longer_than_its_hold(self) -> None:
        sweeper = eventful()
        fuse = Death(12)
        with pytest.raises(Crash):
            sweeper.wired(partial(Wired, fuse=fuse)).take(ASKED, lambda: PLENTY)
        assert sweeper.wired().take(ASKED, lambda: PLENTY)["state"] == "held"
        sweeper.clock.now += HOLD
        assert sweeper.wired().take(ASKED, lambda: PLENTY)["state"] == "finished"


class TestOutOfTime:
    def test_calls_of_one_step_each_come_to_the_same(self, undisturbed: Sweeper) -> None:
        sweeper = eventful()
        results = [sweeper.sweep(one_step())]
        while results[-1]["state"] == "unfinished":
            results.append(sweeper.sweep(one_step()))
            assert len(results) < 50
        same(sweeper, undisturbed)
        rows = [result["rows"] for result in results]
        assert rows == sorted(rows)
        assert all(result["report"] is None for result in results[:-1])

    def test_a_finished_sweep_is_left_alone(self) -> None:
        sweeper = eventful()
        first = sweeper.sweep()
        asked = len(sweeper.listing.asked)
        assert sweeper.sweep() == first
        assert len(sweeper.listing.asked) == asked
        assert sweeper.console.read().count("SweepsFinished") == 0, "metrics are written at the end of the call"

    def test_anew_does_not_begin_an_unfinished_one_again(self) -> None:
        sweeper = eventful()
        sweeper.sweep(one_step())
        assert sweeper.sweep(anew=True)["findings"] == FOUND

    def test_a_page_is_not_begun_without_the_time_for_it(self) -> None:
        sweeper = eventful()
        assert sweeper.sweep(lambda: 60.0)["state"] == "unfinished"
        assert sweeper.listing.asked == []

    def test_rows_are_not_begun_without_the_time_for_a_question(self) -> None:
        sweeper = eventful()
        result = sweeper.sweep(sequence(900, 900, 900, 11))
        assert (result["state"], result["rows"]) == ("unfinished", 0)
        assert sweeper.sweep()["findings"] == FOUND

    def test_seconds_of_the_request_bound_the_call(self) -> None:
        sweeper = eventful()
        desk = sweeper.wired()
        ticking = iter(range(10_000))
        desk = desk.__class__(desk.sweeping, desk.telemetry, desk.address, desk.days, lambda: float(next(ticking)))
        assert desk.take({**ASKED, "seconds": 3}, lambda: PLENTY)["state"] == "unfinished"


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
    def test_the_whole_sweep_done_again_changes_nothing(self) -> None:
        sweeper = eventful()
        sweeper.sweep()
        before = shape(sweeper)
        sweeper.sweep(anew=True)
        assert shape(sweeper) == before
        assert {finding for finding, _, _ in lines(sweeper)} == {"undecided", "unreadable_row"}
        assert {action for _, action, _ in lines(sweeper)} == {"none"}

    def test_another_span_with_the_same_rows_changes_nothing(self) -> None:
        sweeper = eventful()
        sweeper.sweep()
        before = shape(sweeper)
        sweeper.sweep(to="2027-02-01")
        assert shape(sweeper) == before

    def test_two_at_once_adopt_an_orphan_once(self) -> None:
        for _ in range(20):
            sweeper = Sweeper(row(transaction_id="PA7", order_id="theirs-7"), row(transaction_id="PA8"))
            sweeper.clock.forward(hours=1)
            spans = [{"from": "2027-01-30", "to": to} for to in ("2027-01-31", "2027-02-01")]
            start = threading.Barrier(2)

            def go(told: dict[str, str], sweeper: Sweeper = sweeper, start: threading.Barrier = start) -> None:
                start.wait()
                sweeper.wired().take(told, lambda: PLENTY)

            calls = [threading.Thread(target=go, args=[told]) for told in spans]
            for call in calls:
                call.start()
            for call in calls:
                call.join()
            assert len(sweeper.ledger.payments()) == 2
            assert {payment.version for payment in sweeper.ledger.payments()} == {2}

    def test_who_is_overtaken_stops(self) -> None:
        sweeper = eventful()
        desk = sweeper.wired()
        taken: list[Payment] = []
        cross_off = sweeper.ledger.cross_off

        class Overtaking:
            def __getattr__(self, name: str) -> Any:
                return getattr(sweeper.ledger, name)

            def cross_off(self, ids: Any) -> None:
                if not taken:
                    taken.append(sweeper.ledger.payments()[0])
                    sweeper.clock.now += HOLD
                    assert sweeper.wired().take(ASKED, lambda: PLENTY)["state"] == "finished"
                cross_off(ids)

        desk = sweeper.wired(lambda target: Overtaking() if target is sweeper.ledger else target)
        asked = len(sweeper.listing.asked)
        assert desk.take(ASKED, lambda: PLENTY)["state"] == "held"
        assert len(sweeper.listing.asked) == asked + 1 + 3, "a page by the one, all by the other"
        assert sweeper.report()["counts"] == FOUND


def test_a_gateway_that_is_down_is_waited_for_by_the_next_call(undisturbed: Sweeper) -> None:
    sweeper = eventful()
    sweeper.listing.will(None, *[NoAnswer("no answer")] * 3)
    result = sweeper.sweep()
    assert (result["state"], result["rows"]) == ("unfinished", 3)
    assert sweeper.paused == [1.0, 3.0]
    assert '"sweep_page_unanswered"' in sweeper.console.read()
    assert sweeper.sweep()["state"] == "finished"
    same(sweeper, undisturbed)


class TestOldOnes:
    def test_an_unfinished_one_whose_parts_may_be_gone_begins_afresh(self) -> None:
        sweeper = eventful()
        sweeper.sweep(one_step())
        sweeper.files.files.clear()
        sweeper.clock.forward(hours=6 * 24)
        assert sweeper.sweep()["findings"] == FOUND, "what the old one had settled is told, too"

    def test_a_younger_one_goes_on(self) -> None:
        sweeper = eventful()
        sweeper.sweep(one_step())
        asked = len(sweeper.listing.asked)
        sweeper.clock.forward(hours=5 * 24)
        sweeper.sweep()
        assert sweeper.listing.asked[asked][1] is not None

    def test_a_finished_one_is_left_alone_however_old(self) -> None:
        sweeper = eventful()
        first = sweeper.sweep()
        sweeper.clock.forward(hours=100 * 24)
        assert sweeper.sweep() == first


class TestDaily:
    """The schedule's: each tells what was settled since the one before was done."""

    def daily(self, sweeper: Sweeper, *, to_its_end: bool = True) -> dict[str, Any]:
        sweeper.clock.forward(hours=1)
        desk = replace(sweeper.wired(), days=120)
        return desk.take({}, (lambda: PLENTY) if to_its_end else one_step())

    def test_what_an_unfinished_one_has_settled_is_told_by_the_next(self) -> None:
        sweeper = eventful()
        assert self.daily(sweeper, to_its_end=False)["state"] == "unfinished"
        sweeper.clock.forward(hours=24)
        result = self.daily(sweeper)
        assert result["state"] == "finished"
        assert {kind: result["findings"].get(kind) for kind in ("refunded_elsewhere", "settled", "orphan")} == {
            "refunded_elsewhere": 1,
            "settled": 1,
            "orphan": 3,
        }

    def test_what_a_finished_one_has_told_the_next_does_not(self) -> None:
        sweeper = eventful()
        self.daily(sweeper)
        sweeper.clock.forward(hours=24)
        assert "refunded_elsewhere" not in self.daily(sweeper)["findings"]

    def test_what_one_by_hand_has_settled_is_told_by_the_next_too(self) -> None:
        sweeper = Sweeper()
        self.daily(sweeper)
        payment = sweeper.paid()
        sweeper.listing.told = [row(of=payment, refund_date="2027-02-01T08:00:00Z")]
        sweeper.gateway.answers = {payment.wire_order_id: samples.report(refunded=True)}
        assert sweeper.sweep()["findings"] == {"refunded_elsewhere": 1}
        sweeper.clock.forward(hours=24)
        assert self.daily(sweeper)["findings"] == {"refunded_elsewhere": 1}

    def test_the_days_that_were_swept_by_hand_count_once_the_schedule_comes_to_them(self) -> None:
        sweeper = eventful()
        first = sweeper.sweep()
        assert sweeper.wired().take({}, lambda: PLENTY) == first


def test_a_call_that_lost_its_hold_writes_no_part_over_the_other_ones() -> None:
    sweeper = eventful()
    taken: list[bytes] = []
    claim = sweeper.ledger.claim

    class Slow:
        """It asks until its hold is over, and another call does all of the sweep."""

        def __getattr__(self, name: str) -> Any:
            return getattr(sweeper.ledger, name)

        def claim(self, *told: Any) -> Payment | None:
            if not taken:
                sweeper.clock.now += HOLD
                assert sweeper.wired().take(ASKED, lambda: PLENTY)["state"] == "finished"
                taken.extend(sweeper.files.files[key] for key in sorted(sweeper.files.files))
            return claim(*told)

    desk = sweeper.wired(lambda target: Slow() if target is sweeper.ledger else target)
    assert desk.take(ASKED, lambda: PLENTY)["state"] == "held"
    assert [sweeper.files.files[key] for key in sorted(sweeper.files.files)] == taken


def test_a_report_of_a_day_that_was_not_over_is_no_answer_later() -> None:
    sweeper = Sweeper(row())
    sweeper.paid()
    sweeper.clock.now = START + timedelta(hours=3)
    early = sweeper.sweep()
    sweeper.clock.now = START + timedelta(days=2)
    late = sweeper.sweep()
    assert (early["state"], late["state"]) == ("finished", "finished")
    assert early["report"] != late["report"]
    assert sweeper.sweep()["report"] == late["report"], "its days were over"
