"""Reading the gateway's list: stale cursors, cursors in a circle, and pages that overlap."""

from dataclasses import replace
from typing import Any

import pytest

from payments.errors import SecretUnusable
from payments.gateway.transaction_list import row_of
from payments.ports.gateway import CredentialsRefused, NoAnswer, NotSent, Refused
from payments.reconciliation.checkpoint import new_checkpoint
from payments.reconciliation.errors import ListStuck
from payments.reconciliation.transaction_list import Page
from tests.fakes import samples
from tests.fakes.clock import START
from tests.fakes.transaction_list import LATER, MINOR, row
from tests.payments.reconciliation.eventful_day import FOUND, eventful, lines, shape
from tests.payments.reconciliation.reconciler import SPAN, Reconciler


def page(*ids: str, has_next: bool = True, cursor: str | None = "next", total: int | None = None) -> Page:
    """A page of rows without a payment of ours, which moved no money."""
    rows = [row_of(row("FAILED", transaction_id=name, order_id=None), MINOR, LATER) for name in ids]
    return Page(rows, has_next, cursor, total)


def circle(length: int, before: int = 0) -> list[Page]:
    """Endless pages, with cursors in a circle."""
    cursors = [f"before-{n}" for n in range(before)] + [f"round-{n % length}" for n in range(20 * length)]
    return [page(f"PA{n}", cursor=cursor) for n, cursor in enumerate(cursors)]


class TestStuck:
    """A list that cannot be read to its end is never taken for the whole list."""

    def stuck(self, *pages: Page) -> Reconciler:
        reconciler = Reconciler()
        reconciler.listing.script_pages(*pages)
        with pytest.raises(ListStuck):
            reconciler.run()
        assert '"reconciliation_stuck"' in reconciler.console.read()
        assert not [key for key in reconciler.files.files if key.startswith("reports/")]
        return reconciler

    def test_a_cursor_twice_in_a_row_is_stuck(self) -> None:
        self.stuck(page("PA1"), page("PA2"))

    @pytest.mark.parametrize("length", [1, 2, 3, 5, 8, 13])
    @pytest.mark.parametrize("before", [0, 1, 7])
    def test_a_circle_of_any_length_is_stuck(self, length: int, before: int) -> None:
        reconciler = self.stuck(*circle(length, before))
        assert len(reconciler.listing.asked) <= 4 * (length + before) + 2

    def test_a_next_page_without_a_cursor_is_stuck(self) -> None:
        self.stuck(page("PA1", cursor=None))

    def test_rows_before_the_circle_are_reconciled(self) -> None:
        reconciler = self.stuck(page("PA1"), page("PA2"))
        assert {payment.transaction_id for payment in reconciler.ledger.payments()} == {"PA1", "PA2"}

    def test_a_stuck_list_is_not_read_again_by_the_schedule(self) -> None:
        reconciler = self.stuck(page("PA1"), page("PA2"))
        before = reconciler.console.read().count('"reconciliation_stuck"')
        result = reconciler.run()
        assert (result["state"], result["complete"], result["rows"], result["report"]) == ("stuck", False, 1, None)
        assert len(reconciler.listing.asked) == 2
        assert reconciler.console.read().count('"reconciliation_stuck"') == before

    def test_a_stuck_list_is_read_again_from_page_one_on_request(self) -> None:
        reconciler = self.stuck(page("PA1"), page("PA2", cursor=None))
        reconciler.listing.script_pages(page("PA1"), page("PA2", has_next=False, cursor=None))
        result = reconciler.run(anew=True)
        assert (result["state"], result["rows"], result["discrepancies"]) == ("finished", 2, {"orphan": 2})
        assert [cursor for _, cursor in reconciler.listing.asked] == [None, "next", None, "next"]

    def test_a_stuck_list_does_not_stop_other_days(self) -> None:
        reconciler = self.stuck(page("PA1", cursor=None))
        assert reconciler.run(to="2027-02-01")["state"] == "finished"

    def test_far_more_rows_than_announced_are_stuck(self) -> None:
        """Each cursor has a nonce, so it is new each time; the circle is longer than the remembered rows."""
        reconciler = Reconciler()
        names = [[f"PA{(100 * nth + n) % 700}" for n in range(100)] for nth in range(40)]
        reconciler.listing.script_pages(*[page(*each, cursor=f"nonce-{n}", total=700) for n, each in enumerate(names)])
        with pytest.raises(ListStuck, match=r"\(too_many_rows\)"):
            reconciler.run()
        assert len(reconciler.listing.asked) < 30

    def test_far_too_many_pages_are_stuck(self) -> None:
        reconciler = Reconciler()
        checkpoint = replace(new_checkpoint(SPAN, live=False, at=START), pages=100_000 - 1)
        reconciler.checkpoints.take(checkpoint, "other", START, START)
        reconciler.listing.script_pages(page("PA1"))
        with pytest.raises(ListStuck, match=r"\(too_many_rows\)"):
            reconciler.run()

    def test_a_long_list_with_new_cursors_is_read_to_its_end(self) -> None:
        reconciler = Reconciler()
        reconciler.listing.script_pages(*[page(f"PA{n}", cursor=f"at-{n}") for n in range(100)])
        reconciler.listing.script_pages(page(has_next=False, cursor=None))
        assert reconciler.run()["rows"] == 100


class TestRefusedCursor:
    def test_a_refused_cursor_restarts_the_list_and_reports_everything_once(self) -> None:
        undisturbed, reconciler = eventful(), eventful()
        undisturbed.run()
        reconciler.listing.script_pages(None, None, Refused("Invalid cursor."))
        assert reconciler.run()["discrepancies"] == FOUND
        assert shape(reconciler) == shape(undisturbed)
        assert lines(reconciler) == lines(undisturbed)
        assert reconciler.report()["reconciliation"]["rows"] == 8
        assert reconciler.report()["totals"] == undisturbed.report()["totals"]

    def test_a_refused_cursor_in_a_later_call_restarts_the_list(self) -> None:
        reconciler = eventful()
        reconciler.listing.script_pages(None, None, *[NoAnswer("no answer")] * 3)
        assert reconciler.run()["state"] == "unfinished"
        reconciler.listing.script_pages(Refused("Invalid cursor."))
        assert reconciler.run()["discrepancies"] == FOUND
        assert reconciler.report()["counts"] == FOUND

    def test_a_cursor_that_is_always_refused_is_stuck(self) -> None:
        reconciler = eventful()
        reconciler.listing.script_pages(*[None, Refused("Invalid cursor.")] * 10)
        with pytest.raises(ListStuck, match=r"\(cursor_refused\)"):
            reconciler.run()
        assert len(reconciler.listing.asked) == 8

    @pytest.mark.parametrize("refusal", [Refused("no"), CredentialsRefused("no")])
    def test_a_refused_first_page_is_left_to_the_next_call(self, refusal: Refused) -> None:
        reconciler = eventful()
        reconciler.listing.script_pages(refusal)
        assert reconciler.run()["state"] == "unfinished"
        assert len(reconciler.listing.asked) == 1

    def test_refused_credentials_do_not_restart_the_list(self) -> None:
        reconciler = eventful()
        reconciler.listing.script_pages(None, CredentialsRefused("the gateway refused our credentials"))
        assert (reconciler.run()["state"], reconciler.run()["discrepancies"]) == ("unfinished", FOUND)
        assert [cursor for _, cursor in reconciler.listing.asked].count(None) == 1


class TestUnanswered:
    @pytest.mark.parametrize("error", [NotSent("circuit open"), NoAnswer("no answer")])
    def test_a_short_outage_is_waited_out(self, error: Any) -> None:
        reconciler = eventful()
        reconciler.listing.script_pages(error, error)
        assert reconciler.run()["discrepancies"] == FOUND
        assert reconciler.paused == [1.0, 3.0]

    def test_unreadable_credentials_leave_the_page_to_the_next_call(self) -> None:
        class Keyless:
            def page(self, *_: object) -> Page:
                raise SecretUnusable("secret_key is not filled in")

        reconciler = eventful()
        invocation = reconciler.wired(lambda target: Keyless() if target is reconciler.listing else target)
        assert invocation.take({}, lambda: 900.0)["state"] == "unfinished"


class TestOverlaps:
    def test_a_row_on_two_pages_counts_once(self) -> None:
        """A new payment pushes the last row of a page onto the next one."""
        reconciler = Reconciler()
        reconciler.listing.script_pages(
            page("PA1", "PA2"), page("PA2", "PA3", "PA3", has_next=False, cursor=None, total=3)
        )
        result = reconciler.run()
        assert (result["rows"], result["discrepancies"]) == (3, {"orphan": 3})

    def test_an_empty_page_does_not_end_the_list(self) -> None:
        reconciler = Reconciler()
        reconciler.listing.script_pages(page("PA1"), page(cursor="later"), page("PA2", has_next=False, cursor=None))
        assert reconciler.run()["rows"] == 2

    def test_a_second_row_with_other_content_is_reconciled(self) -> None:
        reconciler = Reconciler(page_size=1)
        payment = reconciler.paid()
        reconciler.listing.rows = [row(of=payment), row(of=payment, refund_date="2027-02-01T08:00:00Z")]
        reconciler.gateway.answers = {payment.wire_order_id: samples.transaction(refunded=True)}
        reconciler.run()
        assert reconciler.standing(payment).refund.status == "refunded"

    @pytest.mark.parametrize("page_size", [1, 2])
    def test_a_transaction_with_two_rows_counts_once(self, page_size: int) -> None:
        reconciler = Reconciler(page_size=page_size)
        payment = reconciler.paid()
        reconciler.listing.rows = [row(of=payment), row(of=payment, created_at="2027-01-31T09:30:00.001Z")]
        reconciler.run()
        (totals,) = reconciler.report()["totals"]
        assert totals["gateway"] == totals["here"] == {"payments": 1, "amount": 100, "refunded": 0, "charged_back": 0}

    def test_a_second_row_of_a_transaction_hides_no_other_transaction_of_its_page(self) -> None:
        reconciler = Reconciler(page_size=2)
        first, second, third = [reconciler.paid(f"key-{n}", f"PA{n}", order_id=f"order-{n}") for n in range(3)]
        again = row(of=first, created_at="2027-01-31T09:30:00.001Z")
        reconciler.listing.rows = [row(of=first), row(of=second), again, row(of=third)]
        reconciler.run()
        (totals,) = reconciler.report()["totals"]
        assert totals["gateway"] == totals["here"] == {"payments": 3, "amount": 300, "refunded": 0, "charged_back": 0}

    def test_a_row_pushed_to_the_next_page_between_two_calls_counts_once(self) -> None:
        reconciler = Reconciler(page_size=2)
        paid = [reconciler.paid(f"key-{n}", f"PA{n}", order_id=f"order-{n}") for n in range(4)]
        reconciler.listing.rows = [row(of=each) for each in paid]
        reconciler.listing.script_pages(None, *[NoAnswer("no answer")] * 3)
        assert reconciler.run()["state"] == "unfinished"
        reconciler.listing.rows.insert(0, row(transaction_id="PA9", created_at="2027-02-02T00:00:00Z"))
        assert reconciler.run()["state"] == "finished"
        (totals,) = reconciler.report()["totals"]
        assert totals["gateway"] == totals["here"] == {"payments": 4, "amount": 400, "refunded": 0, "charged_back": 0}

    def test_a_last_page_with_a_cursor_is_the_last_page(self) -> None:
        reconciler = Reconciler()
        reconciler.listing.script_pages(page("PA1", has_next=False, cursor="more"))
        assert reconciler.run()["state"] == "finished"
        assert len(reconciler.listing.asked) == 1


class TestIncomplete:
    """From a list with holes nothing is concluded: payments that it does not show are left as they are."""

    def incomplete(self, reconciler: Reconciler, why: str) -> dict[str, Any]:
        result = reconciler.run()
        assert (result["state"], result["complete"]) == ("finished", False)
        head = reconciler.report()["reconciliation"]
        assert (head["complete"], head["doubt"]) == (False, why)
        assert reconciler.console.read().count('"message":"reconciliation_doubtful"') == 1
        assert reconciler.gateway.asked == []
        return result

    def test_fewer_rows_than_announced_are_incomplete(self) -> None:
        reconciler = Reconciler()
        unseen = reconciler.paid()
        reconciler.listing.script_pages(page("PA1", has_next=False, cursor=None, total=500))
        result = self.incomplete(reconciler, "fewer rows than announced")
        assert (result["rows"], result["listed_total"], result["discrepancies"]) == (1, 500, {"orphan": 1})
        assert reconciler.unlisted_ids() == {unseen.id}

    @pytest.mark.parametrize(("readable", "unreadable"), [(0, 1), (1, 2), (10, 11), (90, 11)])
    def test_too_many_unreadable_rows_are_incomplete(self, readable: int, unreadable: int) -> None:
        reconciler = Reconciler(page_size=50)
        unseen = reconciler.paid()
        reconciler.listing.rows = [row("FAILED", transaction_id=f"PA{n}", order_id=None) for n in range(readable)]
        reconciler.listing.rows += [row(transaction_id=f"PB{n}", refund_date="-") for n in range(unreadable)]
        self.incomplete(reconciler, "rows that cannot be read")
        assert reconciler.unlisted_ids() == {unseen.id}

    @pytest.mark.parametrize(("readable", "unreadable"), [(1, 1), (11, 10), (99, 11)])
    def test_a_few_unreadable_rows_are_only_reported(self, readable: int, unreadable: int) -> None:
        reconciler = Reconciler(page_size=50)
        reconciler.listing.rows = [row("FAILED", transaction_id=f"PA{n}", order_id=None) for n in range(readable)]
        reconciler.listing.rows += [row(transaction_id=f"PB{n}", refund_date="-") for n in range(unreadable)]
        assert reconciler.run()["complete"] is True

    def test_no_rows_are_incomplete_if_our_payments_have_transaction_ids(self) -> None:
        reconciler = Reconciler()
        reconciler.listing.rows.clear()
        unseen = reconciler.paid()
        self.incomplete(reconciler, "no rows")
        assert reconciler.unlisted_ids() == {unseen.id}

    def test_no_rows_are_complete_if_the_gateway_has_named_none_of_our_payments(self) -> None:
        reconciler = Reconciler()
        reconciler.listing.rows.clear()
        payment = reconciler.claimed()
        result = reconciler.run()
        assert (result["complete"], result["discrepancies"]) == (True, {"unknown_to_gateway": 1})
        assert reconciler.gateway.asked == [payment.wire_order_id]

    def test_no_rows_and_no_payments_are_complete(self) -> None:
        reconciler = Reconciler()
        reconciler.listing.rows.clear()
        assert reconciler.run()["complete"] is True

    def test_the_next_whole_list_is_reconciled_to_its_end(self) -> None:
        reconciler = Reconciler()
        reconciler.listing.rows.clear()
        unseen = reconciler.paid()
        self.incomplete(reconciler, "no rows")
        reconciler.listing.rows = [row(of=unseen)]
        result = reconciler.run(anew=True)
        assert (result["complete"], result["discrepancies"], reconciler.unlisted_ids()) == (True, {}, set())
