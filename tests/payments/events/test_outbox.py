"""Publishing: every entry at least once, in order, under an id of its own; the cursor goes where the bus has been."""

from dataclasses import replace

import pytest

from payments.events.event import event_of, unpublished
from payments.events.outbox import publish
from payments.model import refund as refunds
from payments.model.payment import Payment
from payments.model.status import Status
from tests.fakes import samples
from tests.fakes.clock import START
from tests.fakes.crashing_ledger import Crash, Fuse, Wired
from tests.payments.assembled import House


@pytest.fixture
def payment(house: House) -> Payment:
    """Four entries, none of them told."""
    claimed = samples.payment()
    house.ledger.claim(claimed, None)
    for status in (Status.REQUIRES_ACTION, Status.PENDING, Status.SUCCEEDED):
        moved = house.standing(claimed).transition_to(status, at=START, source="status", evidence={})
        house.ledger.save(house.standing(claimed), moved)
    return house.standing(claimed)


def published(house: House, payment: Payment) -> int:
    """One publication of what is left of a payment, as it was read."""
    return publish(payment, house.ledger, house.bus, house.telemetry)


def test_every_entry_becomes_an_event_in_order(house: House, payment: Payment) -> None:
    assert published(house, payment) == 4
    assert house.bus.types() == [f"payment.{entry.name}" for entry in payment.history]
    assert house.bus.ids() == [f"{payment.id}:{n}" for n in (1, 2, 3, 4)]
    assert house.standing(payment).published == 4
    assert house.settled


def test_what_is_told_is_not_told_again(house: House, payment: Payment) -> None:
    published(house, payment)
    assert published(house, house.standing(payment)) == 0
    assert len(house.bus.events) == 4


@pytest.mark.parametrize("takes", range(5))
def test_the_cursor_moves_over_what_the_bus_took_and_no_further(house: House, payment: Payment, takes: int) -> None:
    house.bus.takes = takes
    assert published(house, payment) == takes
    after = house.standing(payment)
    assert after.published == takes
    assert (after.follow_up.due_at is None) == (takes == 4)
    assert house.telemetry.facts_of("publish_incomplete") == (
        [{"payment_id": payment.id, "left": 4 - takes}] if takes < 4 else []
    )


def test_a_bus_that_takes_one_at_a_time_hears_all_in_the_end(house: House, payment: Payment) -> None:
    house.bus.takes = 1
    house.follow_up_until(lambda: house.settled)
    assert house.bus.ids() == [f"{payment.id}:{n}" for n in (1, 2, 3, 4)]


def test_a_crash_before_the_cursor_moved_tells_the_same_again(house: House, payment: Payment) -> None:
    with pytest.raises(Crash):
        publish(payment, Wired(house.ledger, Fuse(0)), house.bus, house.telemetry)
    published(house, house.standing(payment))
    first, again = house.bus.events[:4], house.bus.events[4:]
    assert first == again


def test_an_event_is_told_alike_whatever_has_happened_since(house: House, payment: Payment) -> None:
    then = replace(payment, status=Status.REQUIRES_ACTION, history=payment.history[:2])
    early = event_of(then, payment.history[1])
    assert event_of(payment, payment.history[1]) == early
    later = house.ledger.save(payment, refunds.refunded(payment, START, at=START, source="reconciliation", evidence={}))
    assert event_of(later, later.history[1]) == early
    assert [event.type for event in unpublished(later)][-1] == "payment.refunded"


def test_two_publishers_at_once_tell_all_and_lose_nothing(house: House, payment: Payment) -> None:
    """Each with the payment as it was before the other had moved the cursor."""
    published(house, payment)
    published(house, payment)
    assert set(house.bus.ids()) == {f"{payment.id}:{n}" for n in (1, 2, 3, 4)}
    assert house.standing(payment).published == 4


def test_a_publisher_that_was_overtaken_leaves_the_newer_entry_due(house: House) -> None:
    claimed = samples.payment()
    house.ledger.claim(claimed, None)
    house.ledger.save(claimed, claimed.transition_to(Status.FAILED, at=START, source="answer", evidence={}))
    published(house, claimed)
    assert house.standing(claimed).published == 1
    house.follow_up()
    assert house.bus.ids() == [f"{claimed.id}:1", f"{claimed.id}:2"]
    assert house.settled


def test_nothing_of_the_shopper_is_told(house: House, payment: Payment) -> None:
    published(house, payment)
    told = repr([event.detail for event in house.bus.events])
    for secret in (samples.CARD_NUMBER, samples.CVV, *samples.shopper().values()):
        assert f"'{secret}'" not in told
