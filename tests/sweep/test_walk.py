"""The walk through the gateway's list: cursors that go stale, lead in circles or nowhere, and pages that overlap."""

from typing import Any

import pytest

from payments.errors import CredentialsRefused, ListStuck, NoAnswer, NotSent, Refused, SecretUnusable
from payments.gateway.listing import row_of
from payments.listing import Page
from tests.fakes.listing import LATER, MINOR, row
from tests.sweep.desk import Sweeper
from tests.sweep.test_going_on import FOUND, eventful, lines, shape


def page(*ids: str, has_next: bool = True, cursor: str | None = "next", total: int | None = None) -> Page:
    """A page of rows that we know nothing of, and that moved no money."""
    rows = [row_of(row("FAILED", transaction_id=name, order_id=None), MINOR, LATER) for name in ids]
    return Page(rows, has_next, cursor, total)


def circle(length: int, before: int = 0) -> list[Page]:
    """Pages whose cursors lead in a circle, for ever."""
    cursors = [f"before-{n}" for n in range(before)] + [f"round-{n % length}" for n in range(20 * length)]
    return [page(f"PA{n}", cursor=cursor) for n, cursor in enumerate(cursors)]


class TestStuck:
    """It is never taken for the whole list."""

    def stuck(self, *pages: Page) -> Sweeper:
        sweeper = Sweeper()
        sweeper.listing.will(*pages)
        with pytest.raises(ListStuck):
            sweeper.sweep()
        assert '"sweep_stuck"' in sweeper.console.read()
        assert not [key for key in sweeper.files.files if key.startswith("reports/")]
        return sweeper

    def test_on_a_cursor_that_comes_twice_in_a_row(self) -> None:
        self.stuck(page("PA1"), page("PA2"))

    @pytest.mark.parametrize("length", [1, 2, 3, 5, 8, 13])
    @pytest.mark.parametrize("before", [0, 1, 7])
    def test_on_a_circle_of_any_length(self, length: int, before: int) -> None:
        sweeper = self.stuck(*circle(length, before))
        assert len(sweeper.listing.asked) <= 4 * (length + before) + 2

    def test_on_a_next_page_without_a_cursor(self) -> None:
        self.stuck(page("PA1", cursor=None))

    def test_what_it_has_seen_until_then_is_done(self) -> None:
        sweeper = self.stuck(page("PA1"), page("PA2"))
        assert {payment.transaction_id for payment in sweeper.ledger.payments()} == {"PA1", "PA2"}

    def test_the_next_call_begins_at_the_first_page(self) -> None:
        sweeper = self.stuck(page("PA1"), page("PA2", cursor=None))
        sweeper.listing.will(page("PA1"), page("PA2", has_next=False, cursor=None))
        result = sweeper.sweep()
        assert (result["state"], result["rows"], result["findings"]) == ("finished", 2, {"orphan": 2})
        assert [cursor for _, cursor in sweeper.listing.asked] == [None, "next", None, "next"]

    def test_another_call_can_have_it(self) -> None:
        sweeper = self.stuck(page("PA1", cursor=None))
        assert sweeper.sweep()["state"] == "finished"

    def test_a_long_walk_of_fresh_cursors_is_none(self) -> None:
        sweeper = Sweeper()
        sweeper.listing.will(*[page(f"PA{n}", cursor=f"at-{n}") for n in range(100)])
        sweeper.listing.will(page(has_next=False, cursor=None))
        assert sweeper.sweep()["rows"] == 100


class TestRefusedCursor:
    def test_the_walk_begins_again_and_tells_everything_once(self) -> None:
        undisturbed, sweeper = eventful(), eventful()
        undisturbed.sweep()
        sweeper.listing.will(None, None, Refused("Invalid cursor."))
        assert sweeper.sweep()["findings"] == FOUND
        assert shape(sweeper) == shape(undisturbed)
        assert lines(sweeper) == lines(undisturbed)
        assert sweeper.report()["sweep"]["rows"] == 8
        assert sweeper.report()["books"] == undisturbed.report()["books"]

    def test_in_a_later_call_too(self) -> None:
        sweeper = eventful()
        sweeper.listing.will(None, None, *[NoAnswer("no answer")] * 3)
        assert sweeper.sweep()["state"] == "unfinished"
        sweeper.listing.will(Refused("Invalid cursor."))
        assert sweeper.sweep()["findings"] == FOUND
        assert sweeper.report()["counts"] == FOUND

    def test_one_that_is_always_refused_leads_nowhere(self) -> None:
        sweeper = eventful()
        sweeper.listing.will(*[None, Refused("Invalid cursor.")] * 10)
        with pytest.raises(ListStuck, match="cursor_refused"):
            sweeper.sweep()
        assert len(sweeper.listing.asked) == 8

    @pytest.mark.parametrize("refusal", [Refused("no"), CredentialsRefused("no")])
    def test_a_first_page_that_is_refused_is_the_next_calls(self, refusal: Refused) -> None:
        sweeper = eventful()
        sweeper.listing.will(refusal)
        assert sweeper.sweep()["state"] == "unfinished"
        assert len(sweeper.listing.asked) == 1

    def test_a_refused_key_is_no_refused_cursor(self) -> None:
        sweeper = eventful()
        sweeper.listing.will(None, CredentialsRefused("the gateway refused our credentials"))
        assert (sweeper.sweep()["state"], sweeper.sweep()["findings"]) == ("unfinished", FOUND)
        assert [cursor for _, cursor in sweeper.listing.asked].count(None) == 1


class TestUnanswered:
    @pytest.mark.parametrize("error", [NotSent("circuit open"), NoAnswer("no answer")])
    def test_a_hiccup_is_waited_out(self, error: Any) -> None:
        sweeper = eventful()
        sweeper.listing.will(error, error)
        assert sweeper.sweep()["findings"] == FOUND
        assert sweeper.paused == [1.0, 3.0]

    def test_keys_that_cannot_be_read_are_nobodys_refusal(self) -> None:
        class Keyless:
            def page(self, *_: object) -> Page:
                raise SecretUnusable("secret_key is not filled in")

        sweeper = eventful()
        desk = sweeper.wired(lambda target: Keyless() if target is sweeper.listing else target)
        assert desk.take({}, lambda: 900.0)["state"] == "unfinished"


class TestOverlaps:
    def test_a_row_on_two_pages_counts_once(self) -> None:
        """A new payment pushes the last row of a page onto the next one."""
        sweeper = Sweeper()
        sweeper.listing.will(page("PA1", "PA2"), page("PA2", "PA3", "PA3", has_next=False, cursor=None, total=3))
        result = sweeper.sweep()
        assert (result["rows"], result["findings"]) == (3, {"orphan": 3})

    def test_an_empty_page_on_the_way_is_passed(self) -> None:
        sweeper = Sweeper()
        sweeper.listing.will(page("PA1"), page(cursor="later"), page("PA2", has_next=False, cursor=None))
        assert sweeper.sweep()["rows"] == 2

    def test_fewer_rows_than_announced_put_the_list_in_doubt(self) -> None:
        sweeper = Sweeper()
        sweeper.listing.will(page("PA1", has_next=False, cursor=None, total=500))
        result = sweeper.sweep()
        assert (result["state"], result["rows"], result["listed_total"]) == ("finished", 1, 500)
        assert '"sweep_doubtful"' in sweeper.console.read()

    def test_a_last_page_with_a_cursor_is_the_last_page(self) -> None:
        sweeper = Sweeper()
        sweeper.listing.will(page("PA1", has_next=False, cursor="more"))
        assert sweeper.sweep()["state"] == "finished"
        assert len(sweeper.listing.asked) == 1
