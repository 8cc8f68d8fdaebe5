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
from tests.fakes.crashing_ledger import Crash, CrashingProxy, CrashPoint
from tests.payments.assembled import PaymentSystem


@pytest.fixture
def payment(system: PaymentSystem) -> Payment:
    """Four entries, none of them told."""
    claimed = samples.payment()
    system.ledger.claim(claimed, None)
    for status in (Status.REQUIRES_ACTION, Status.PENDING, Status.SUCCEEDED):
        moved = system.reload(claimed).transition_to(status, at=START, source="status", evidence={})
        system.ledger.save(system.reload(claimed), moved)
    return system.reload(claimed)


def published(system: PaymentSystem, payment: Payment) -> int:
    """One publication of what is left of a payment, as it was read."""
    return publish(payment, system.ledger, system.bus, system.telemetry)


def test_every_entry_becomes_an_event_in_order(system: PaymentSystem, payment: Payment) -> None:
    assert published(system, payment) == 4
    assert system.bus.types() == [f"payment.{entry.name}" for entry in payment.history]
    assert system.bus.ids() == [f"{payment.id}:{n}" for n in (1, 2, 3, 4)]
    assert system.reload(payment).published == 4
    assert system.nothing_is_due


def test_what_is_told_is_not_told_again(system: PaymentSystem, payment: Payment) -> None:
    published(system, payment)
    assert published(system, system.reload(payment)) == 0
    assert len(system.bus.events) == 4


@pytest.mark.parametrize("takes", range(5))
def test_the_cursor_moves_over_what_the_bus_took_and_no_further(
    system: PaymentSystem, payment: Payment, takes: int
) -> None:
    system.bus.takes = takes
    assert published(system, payment) == takes
    after = system.reload(payment)
    assert after.published == takes
    assert (after.follow_up.due_at is None) == (takes == 4)
    assert system.telemetry.facts_of("publish_incomplete") == (
        [{"payment_id": payment.id, "left": 4 - takes}] if takes < 4 else []
    )


def test_a_bus_that_takes_one_at_a_time_hears_all_in_the_end(system: PaymentSystem, payment: Payment) -> None:
    system.bus.takes = 1
    system.follow_up_until(lambda: system.nothing_is_due)
    assert system.bus.ids() == [f"{payment.id}:{n}" for n in (1, 2, 3, 4)]


def test_a_crash_before_the_cursor_moved_tells_the_same_again(system: PaymentSystem, payment: Payment) -> None:
    with pytest.raises(Crash):
        publish(payment, CrashingProxy(system.ledger, CrashPoint(0)), system.bus, system.telemetry)
    published(system, system.reload(payment))
    first, again = system.bus.events[:4], system.bus.events[4:]
    assert first == again


def test_an_event_is_told_alike_whatever_has_happened_since(system: PaymentSystem, payment: Payment) -> None:
    then = replace(payment, status=Status.REQUIRES_ACTION, history=payment.history[:2])
    early = event_of(then, payment.history[1])
    assert event_of(payment, payment.history[1]) == early
    later = system.ledger.save(
        payment, refunds.refunded(payment, START, at=START, source="reconciliation", evidence={})
    )
    assert event_of(later, later.history[1]) == early
    assert [event.type for event in unpublished(later)][-1] == "payment.refunded"


def test_two_publishers_at_once_tell_all_and_lose_nothing(system: PaymentSystem, payment: Payment) -> None:
    """Each with the payment as it was before the other had moved the cursor."""
    published(system, payment)
    published(system, payment)
    assert set(system.bus.ids()) == {f"{payment.id}:{n}" for n in (1, 2, 3, 4)}
    assert system.reload(payment).published == 4


def test_a_publisher_that_was_overtaken_leaves_the_newer_entry_due(system: PaymentSystem) -> None:
    claimed = samples.payment()
    system.ledger.claim(claimed, None)
    system.ledger.save(claimed, claimed.transition_to(Status.FAILED, at=START, source="answer", evidence={}))
    published(system, claimed)
    assert system.reload(claimed).published == 1
    system.follow_up()
    assert system.bus.ids() == [f"{claimed.id}:1", f"{claimed.id}:2"]
    assert system.nothing_is_due


def test_nothing_of_the_shopper_is_told(system: PaymentSystem, payment: Payment) -> None:
    published(system, payment)
    told = repr([event.detail for event in system.bus.events])
    for secret in (samples.CARD_NUMBER, samples.CVV, *samples.shopper().values()):
        assert f"'{secret}'" not in told
