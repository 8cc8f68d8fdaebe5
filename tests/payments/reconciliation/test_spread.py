"""The daily reconciliation over a window of months: one list after the other, and not restarted by midnight."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from payments.model.payment import Payment
from payments.model.status import Status
from payments.ports.gateway import NoAnswer, Refused
from payments.reconciliation.choice import DAILY_TOO_OLD
from payments.reconciliation.errors import ListStuck
from payments.reconciliation.plan import DailyPlan, days_of
from payments.reconciliation.transaction_list import Page, Span
from tests.fakes import samples
from tests.fakes.transaction_list import row
from tests.payments.reconciliation.eventful_day import one_step
from tests.payments.reconciliation.reconciler import NEXT_DAY, PLENTY, Reconciler

WINDOW = 120
TODAY = NEXT_DAY.date()


def plan(today: date = TODAY) -> DailyPlan:
    return DailyPlan(Span(today - timedelta(days=WINDOW), today - timedelta(days=1)), 7)


RECENT, OLDER = plan().spans()
OLD_DAY = OLDER.first


def daily(
    reconciler: Reconciler, seconds_left: Callable[[], float] = lambda: PLENTY, *, hours: int = 1, **payload: Any
) -> dict[str, Any]:
    """A call of the schedule, some hours later."""
    reconciler.clock.forward(hours=hours)
    return replace(reconciler.wired(), days=WINDOW).take(payload, seconds_left)


def until_done(reconciler: Reconciler) -> dict[str, Any]:
    """Calls of one step each, until the reconciliation is over."""
    for _ in range(100):
        result = daily(reconciler, one_step())
        if result["state"] != "unfinished":
            return result
    raise AssertionError("the reconciliation does not end")


def old_paid(reconciler: Reconciler, key: str = "old", transaction_id: str = "PA-old", day: date = OLD_DAY) -> Payment:
    """A payment of an older day, paid long ago."""
    at = NEXT_DAY - (TODAY - day)
    payment = samples.payment(key=key, order_id=f"order-{key}", at=at)
    assert reconciler.ledger.claim(payment, None) is None
    after = payment.transition_to(Status.SUCCEEDED, at=at, source="answer", evidence={}, transaction_id=transaction_id)
    return reconciler.ledger.save(payment, after)


def old_row(payment: Payment, **changes: Any) -> dict[str, Any]:
    return row(of=payment, created_at=payment.created_at.isoformat(), **changes)


def spans_asked(reconciler: Reconciler) -> list[Span]:
    return list(dict.fromkeys(span for span, _ in reconciler.listing.asked))


class TestLists:
    def both(self, page_size: int = 2) -> Reconciler:
        """A recent and an old payment; both were refunded at the gateway."""
        reconciler = Reconciler(page_size=page_size)
        recent, old = reconciler.paid("recent", "PA-recent", order_id="order-recent"), old_paid(reconciler)
        reconciler.listing.rows = [
            row(of=recent, refund_date="2027-02-01T08:00:00Z"),
            old_row(old, refund_date="2027-02-01T08:00:00Z"),
            row("FAILED", transaction_id="PA-1", order_id=None),
            row("FAILED", transaction_id="PA-2", order_id=None),
        ]
        return reconciler

    def test_the_last_days_and_the_older_ones_have_a_list_each_and_one_report(self) -> None:
        reconciler = self.both()
        result = daily(reconciler)
        assert (result["state"], result["complete"]) == ("finished", True)
        assert spans_asked(reconciler) == [RECENT, OLDER]
        assert (result["rows"], result["listed_total"]) == (4, 4)
        assert result["discrepancies"] == {"refunded_elsewhere": 2, "orphan": 2}
        report = reconciler.report()
        assert report["reconciliation"]["days"] == [
            {"from": str(span.first), "to": str(span.last)} for span in (RECENT, OLDER)
        ]
        assert (report["reconciliation"]["from"], report["reconciliation"]["to"]) == (
            str(OLDER.first),
            str(RECENT.last),
        )
        (totals,) = report["totals"]
        assert totals["gateway"] == totals["here"]
        assert totals["here"]["refunded"] == 200
        assert result["report"]["json"].startswith("s3://reports/reports/daily/2027-02-01T10-30-00")
        assert reconciler.unlisted_ids() == set()

    def test_cut_off_after_each_step_it_has_the_same_report(self) -> None:
        undisturbed, reconciler = self.both(), self.both()
        daily(undisturbed)
        result = until_done(reconciler)
        assert result["rows"] == 4
        for part in ("totals", "counts"):
            assert reconciler.report()[part] == undisturbed.report()[part]
        assert reconciler.unlisted_ids() == set()

    def test_a_refused_cursor_restarts_the_present_list_alone(self) -> None:
        undisturbed, reconciler = self.both(page_size=1), self.both(page_size=1)
        third = old_paid(reconciler, "third", "PA-third"), old_paid(undisturbed, "third", "PA-third")
        for each, payment in zip((reconciler, undisturbed), third, strict=True):
            each.listing.rows.append(old_row(payment))
        daily(undisturbed)
        reconciler.listing.script_pages(None, None, None, None, Refused("Invalid cursor."))
        assert daily(reconciler)["state"] == "finished"
        asked = [cursor for span, cursor in reconciler.listing.asked if span == RECENT]
        assert asked.count(None) == 1
        assert [cursor for span, cursor in reconciler.listing.asked if span == OLDER].count(None) == 2
        for part in ("totals", "counts"):
            assert reconciler.report()[part] == undisturbed.report()[part]
        assert reconciler.report()["reconciliation"]["rows"] == 5

    def test_a_list_with_holes_does_not_stop_the_next_one(self) -> None:
        reconciler = self.both()
        unseen = reconciler.paid("unseen", "PA-unseen", order_id="order-unseen")
        reconciler.listing.script_pages(Page([], has_next=False, next_cursor=None, total=500))
        result = daily(reconciler)
        assert (result["state"], result["complete"]) == ("finished", False)
        assert reconciler.report()["reconciliation"]["doubt"] == "fewer rows than announced"
        assert result["discrepancies"] == {"refunded_elsewhere": 1}, "of the older days"
        assert unseen.id in reconciler.unlisted_ids()

    def test_an_empty_second_list_concludes_nothing_about_payments_with_a_transaction(self) -> None:
        reconciler = self.both()
        del reconciler.listing.rows[1]
        result = daily(reconciler)
        assert (result["complete"], reconciler.report()["reconciliation"]["doubt"]) == (False, "no rows")
        assert len(reconciler.unlisted_ids()) == 1

    def test_unreadable_rows_of_the_first_list_do_not_spoil_the_second(self) -> None:
        reconciler = Reconciler(page_size=50)
        old = old_paid(reconciler)
        good = [row("FAILED", transaction_id=f"PA{n}", order_id=None) for n in range(20)]
        bad = [row(transaction_id=f"PB{n}", refund_date="-") for n in range(10)]
        reconciler.listing.rows = [*good, *bad, old_row(old)]
        assert daily(reconciler)["complete"] is True


class TestMidnight:
    def test_a_reconciliation_goes_on_with_its_own_days_after_midnight(self) -> None:
        reconciler = Reconciler(*[row("FAILED", transaction_id=f"PA{n}", order_id=None) for n in range(9)])
        assert daily(reconciler, one_step())["state"] == "unfinished"
        asked = len(reconciler.listing.asked)
        result = daily(reconciler, hours=24)
        assert (result["state"], result["rows"], result["discrepancies"]) == ("finished", 9, {"orphan": 9})
        assert spans_asked(reconciler) == [RECENT, OLDER]
        assert reconciler.listing.asked[asked] == (RECENT, f"from-{2 * asked}"), "at the page where it stopped"

    def test_the_next_one_begins_when_the_old_one_is_over_and_has_the_missed_days(self) -> None:
        reconciler = Reconciler()
        daily(reconciler)
        reconciler.listing.asked.clear()
        third_day = TODAY + timedelta(days=3)
        assert daily(reconciler, hours=72)["state"] == "finished"
        assert spans_asked(reconciler) == list(plan(third_day).spans(TODAY))
        assert len(set(days_of(spans_asked(reconciler)))) > 17 * 2

    def test_each_day_has_one(self) -> None:
        reconciler = Reconciler()
        first = daily(reconciler)
        asked = len(reconciler.listing.asked)
        assert daily(reconciler) == first
        assert len(reconciler.listing.asked) == asked
        assert daily(reconciler, hours=24)["report"] != first["report"]

    def test_in_a_week_every_day_of_the_window_is_compared(self) -> None:
        reconciler = Reconciler()
        for _ in range(7):
            daily(reconciler, hours=24)
        compared = set(days_of(spans_asked(reconciler)))
        last = reconciler.clock().date()
        assert compared >= {last - timedelta(days=age) for age in range(1, WINDOW - 6)}

    def test_one_of_four_weeks_ago_begins_afresh_with_all_days(self) -> None:
        reconciler = Reconciler()
        daily(reconciler)
        daily(reconciler, one_step(), hours=24)
        reconciler.files.files.clear()
        reconciler.listing.asked.clear()
        assert daily(reconciler, hours=24 * DAILY_TOO_OLD.days)["state"] == "finished"
        last = reconciler.clock().date()
        assert spans_asked(reconciler) == [Span(last - timedelta(days=WINDOW), last - timedelta(days=1))]

    def test_a_younger_one_continues(self) -> None:
        reconciler = Reconciler(*[row("FAILED", transaction_id=f"PA{n}", order_id=None) for n in range(9)])
        daily(reconciler, one_step())
        asked = len(reconciler.listing.asked)
        daily(reconciler, hours=24 * (DAILY_TOO_OLD.days - 1))
        assert reconciler.listing.asked[asked][1] is not None


class TestStuck:
    def stuck(self) -> Reconciler:
        reconciler = Reconciler(*[row("FAILED", transaction_id=f"PA{n}", order_id=None) for n in range(9)])
        reconciler.listing.script_pages(Page([], has_next=True, next_cursor=None))
        with pytest.raises(ListStuck):
            daily(reconciler)
        return reconciler

    def test_a_stuck_list_is_not_read_again_on_its_day(self) -> None:
        reconciler = self.stuck()
        assert daily(reconciler)["state"] == "stuck"
        assert len(reconciler.listing.asked) == 1

    def test_the_next_day_compares_all_days_of_the_stuck_one(self) -> None:
        reconciler = self.stuck()
        reconciler.listing.asked.clear()
        assert daily(reconciler, hours=24)["state"] == "finished"
        assert set(days_of([RECENT, OLDER])) <= set(days_of(spans_asked(reconciler)))

    def test_it_is_read_again_on_request(self) -> None:
        reconciler = self.stuck()
        assert daily(reconciler, anew=True)["discrepancies"] == {"orphan": 9}

    def test_a_finished_one_is_done_again_on_request(self) -> None:
        reconciler = Reconciler()
        first = daily(reconciler)
        again = daily(reconciler, anew=True)
        assert again["report"] != first["report"]
        assert spans_asked(reconciler) == [RECENT, OLDER]


class TestLeftOpen:
    """What only another look can decide is looked at the next day, wherever its day is."""

    def test_a_payment_that_the_gateway_does_not_know_on_two_days_in_a_row_is_reviewed(self) -> None:
        reconciler = Reconciler()
        missing, seen = old_paid(reconciler), old_paid(reconciler, "seen", "PA-seen")
        reconciler.listing.rows.append(old_row(seen))
        assert daily(reconciler)["discrepancies"] == {"unknown_to_gateway": 1}
        assert reconciler.standing(missing).status is Status.SUCCEEDED
        assert daily(reconciler, hours=24)["discrepancies"]["unknown_to_gateway"] == 1
        assert reconciler.standing(missing).status is Status.NEEDS_REVIEW
        assert Span(OLD_DAY, OLD_DAY) in spans_asked(reconciler)

    def test_after_the_review_its_day_waits_for_its_week_again(self) -> None:
        reconciler = Reconciler()
        old_paid(reconciler)
        reconciler.listing.rows.append(old_row(old_paid(reconciler, "seen", "PA-seen")))
        for _ in range(2):
            daily(reconciler, hours=24)
        reconciler.listing.asked.clear()
        daily(reconciler, hours=24)
        assert OLD_DAY not in set(days_of(spans_asked(reconciler)))

    def test_a_difference_that_the_status_api_did_not_answer_is_asked_about_the_next_day(self) -> None:
        reconciler = Reconciler()
        payment = old_paid(reconciler)
        reconciler.listing.rows.append(old_row(payment, refund_date="2027-02-01T08:00:00Z"))
        reconciler.gateway.script_statuses(NoAnswer("no answer"))
        assert daily(reconciler)["discrepancies"] == {"unconfirmed": 1}
        assert daily(reconciler, hours=24)["discrepancies"]["refunded_elsewhere"] == 1

    def test_a_difference_that_was_decided_does_not_bring_its_day_back(self) -> None:
        reconciler = Reconciler()
        payment = old_paid(reconciler)
        reconciler.listing.rows.append(old_row(payment, refund_date="2027-02-01T08:00:00Z"))
        assert daily(reconciler)["discrepancies"] == {"refunded_elsewhere": 1}
        reconciler.listing.asked.clear()
        daily(reconciler, hours=24)
        assert OLD_DAY not in set(days_of(spans_asked(reconciler)))
