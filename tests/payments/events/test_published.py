"""The events that are on the bus, and the same events marked as republished."""

from dataclasses import replace
from datetime import timedelta

from payments.events.event import event_of, published, replayed
from payments.model.status import Status
from payments.model.timestamps import iso
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


def test_an_event_says_when_the_money_was_taken_back() -> None:
    taken_back = START + timedelta(days=3)
    after = PAID.charged_back(taken_back, at=taken_back + timedelta(hours=1), source="webhook", evidence={})

    facts = event_of(after, after.history[-1]).detail["data"]["chargeback"]
    assert facts == {"status": "charged_back", "charged_back_at": iso(taken_back)}
