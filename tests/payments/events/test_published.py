"""The events that are on the bus, and the same events marked as republished."""

from dataclasses import replace

from payments.events.event import event_of, published, replayed
from payments.model.status import Status
from tests.fakes import samples
from tests.fakes.clock import START

PAID = samples.payment().transition_to(Status.SUCCEEDED, at=START, source="status", evidence={})


def test_only_entries_before_the_cursor_are_published() -> None:
    assert published(replace(PAID, published=0)) == ()
    assert published(replace(PAID, published=1)) == (event_of(PAID, PAID.history[0]),)
    assert published(replace(PAID, published=2)) == tuple(event_of(PAID, entry) for entry in PAID.history)


def test_a_republished_event_differs_only_in_its_mark() -> None:
    event = event_of(PAID, PAID.history[-1])
    again = replayed(event)

    assert again.detail["metadata"] == {**event.detail["metadata"], "replayed": True}
    assert again == replace(event, detail={**event.detail, "metadata": again.detail["metadata"]})
    assert "replayed" not in event.detail["metadata"]
