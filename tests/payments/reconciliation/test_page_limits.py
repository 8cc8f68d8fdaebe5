"""The limits of reading one page, and of reading on."""

from dataclasses import replace

import pytest

from payments.reconciliation.checkpoint import Checkpoint, new_checkpoint
from payments.reconciliation.errors import ListStuck, OutOfTime
from payments.reconciliation.pagination import Paginator
from tests.fakes.clock import START
from tests.fakes.telemetry import RecordingTelemetry
from tests.fakes.transaction_list import ScriptedList
from tests.payments.reconciliation.reconciler import SPAN, Reconciler
from tests.payments.reconciliation.test_pagination import page

FRESH = new_checkpoint(SPAN, live=False, at=START)


def paginator(seconds_left: float = 900.0) -> tuple[Paginator, ScriptedList]:
    listing = ScriptedList()
    return Paginator(listing, RecordingTelemetry(), lambda: seconds_left, lambda _: None), listing


@pytest.mark.parametrize(("left", "given"), [(900.0, 20.0), (25.0, 20.0), (24.0, 19.0), (5.5, 0.5)])
def test_a_page_may_take_twenty_seconds_and_leaves_five_to_the_process(left: float, given: float) -> None:
    reader, listing = paginator(left)
    reader.page(FRESH)
    assert listing.seconds == [given]


@pytest.mark.parametrize("left", [5.0, 0.0])
def test_in_the_last_five_seconds_no_page_is_asked_for(left: float) -> None:
    reader, listing = paginator(left)
    with pytest.raises(OutOfTime):
        reader.page(FRESH)
    assert listing.asked == []


def after(checkpoint: Checkpoint, total: int | None = None) -> Checkpoint:
    """The checkpoint after one more page, of one row."""
    reader, _ = paginator()
    return reader.advance(checkpoint, page("PA1", cursor="on", total=total))


@pytest.mark.parametrize("total", [0, 1, 700])
def test_a_list_may_have_twice_the_announced_rows_and_a_thousand_more(total: int) -> None:
    most = 2 * total + 1000
    assert after(replace(FRESH, rows=most - 1), total).rows == most
    with pytest.raises(ListStuck):
        after(replace(FRESH, rows=most), total)


@pytest.mark.parametrize("seen", [replace(FRESH, cursor="on"), replace(FRESH, cycle_marker="on")])
def test_a_cursor_that_comes_again_is_the_reason(seen: Checkpoint) -> None:
    with pytest.raises(ListStuck) as caught:
        after(seen)
    assert caught.value.reason == "cursor_again"


@pytest.mark.parametrize("rows", [1, 5_000_000])
def test_a_list_may_have_twice_as_many_pages_as_rows_and_a_thousand_more(rows: int) -> None:
    most = 2 * rows + 1000
    assert after(replace(FRESH, rows=rows - 1, pages=most - 1)).pages == most
    with pytest.raises(ListStuck):
        after(replace(FRESH, rows=rows - 1, pages=most))


def test_a_list_without_a_total_may_have_a_hundred_million_rows() -> None:
    assert after(replace(FRESH, rows=99_999_999)).rows == 100_000_000
    with pytest.raises(ListStuck):
        after(replace(FRESH, rows=100_000_000))


def test_pages_without_a_new_row_are_stuck() -> None:
    """Each cursor is new, and the gateway announces no total."""
    for names in ([], ["PA1", "PA2"]):
        reconciler = Reconciler()
        reconciler.listing.script_pages(*[page(*names, cursor=f"nonce-{n}") for n in range(1200)])
        with pytest.raises(ListStuck, match="too_many_rows"):
            reconciler.run()
        assert len(reconciler.listing.asked) <= 1010


def test_more_rows_than_any_account_has_are_stuck() -> None:
    continued(pages=300_000, rows=100_000_000, total=None, stuck=True)


@pytest.mark.parametrize("total", [None, 10_000_000])
def test_ten_million_rows_ten_a_page_are_read_to_their_end(total: int | None) -> None:
    continued(pages=999_990, rows=9_999_900, total=total, stuck=False)


def continued(*, pages: int, rows: int, total: int | None, stuck: bool) -> None:
    """A list that has come so far, with ten more pages of ten rows."""
    reconciler = Reconciler()
    checkpoint = replace(
        new_checkpoint(SPAN, live=False, at=START), pages=pages, rows=rows, listed_total=total, cursor="from"
    )
    reconciler.checkpoints.take(checkpoint, "other", START, START)
    names = [[f"PA{10 * nth + n}" for n in range(10)] for nth in range(10)]
    reconciler.listing.script_pages(
        *[page(*each, cursor=f"at-{n}", has_next=n < 9, total=total) for n, each in enumerate(names)]
    )
    if stuck:
        with pytest.raises(ListStuck, match="too_many_rows"):
            reconciler.run()
    else:
        result = reconciler.run()
        assert (result["state"], result["rows"]) == ("finished", rows + 100)


def test_the_first_announced_total_counts() -> None:
    """Later pages announce what is new, which this listing does not show."""
    assert after(replace(FRESH, listed_total=5), total=7).listed_total == 5


def test_a_stuck_list_that_is_requested_anew_has_all_its_restarts_again() -> None:
    reconciler = Reconciler()
    stuck = replace(new_checkpoint(SPAN, live=False, at=START), phase="stuck", restarts=3)
    reconciler.checkpoints.take(stuck, "other", START, START)
    reconciler.run(anew=True)
    (held,) = reconciler.checkpoints.kept.values()
    assert (held.checkpoint.phase, held.checkpoint.restarts) == ("done", 0)
