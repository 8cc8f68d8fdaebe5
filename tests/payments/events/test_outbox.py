"""The outbox: every entry is published at least once, in order; the cursor passes accepted events only."""

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
    """A payment with four unpublished entries."""
    claimed = samples.payment()
    system.ledger.claim(claimed, None)
    for status in (Status.REQUIRES_ACTION, Status.PENDING, Status.SUCCEEDED):
        after = system.reload(claimed).transition_to(status, at=START, source="status", evidence={})
        system.ledger.save(system.reload(claimed), after)
    return system.reload(claimed)


def publish_rest(system: PaymentSystem, payment: Payment) -> int:
    """Publishes the unpublished entries of a payment as it was read; returns how many the bus accepted."""
    return publish(payment, system.ledger, system.bus, system.telemetry)


def test_every_entry_becomes_an_event_in_order(system: PaymentSystem, payment: Payment) -> None:
    assert publish_rest(system, payment) == 4
    assert system.bus.types() == [f"payment.{entry.name}" for entry in payment.history]
    assert system.bus.ids() == [f"{payment.id}:{n}" for n in (1, 2, 3, 4)]
    assert system.reload(payment).published == 4
    assert system.nothing_is_due


def test_a_published_entry_is_not_published_again(system: PaymentSystem, payment: Payment) -> None:
    publish_rest(system, payment)
    assert publish_rest(system, system.reload(payment)) == 0
    assert len(system.bus.events) == 4


@pytest.mark.parametrize("takes", range(5))
def test_the_cursor_moves_over_the_accepted_events_only(system: PaymentSystem, payment: Payment, takes: int) -> None:
    system.bus.takes = takes
    assert publish_rest(system, payment) == takes
    after = system.reload(payment)
    assert after.published == takes
    assert (after.follow_up.due_at is None) == (takes == 4)
    assert system.telemetry.facts_of("publish_incomplete") == (
        [{"payment_id": payment.id, "left": 4 - takes}] if takes < 4 else []
    )


def test_a_bus_that_accepts_one_event_at_a_time_gets_all_of_them(system: PaymentSystem, payment: Payment) -> None:
    system.bus.takes = 1
    system.follow_up_until(lambda: system.nothing_is_due)
    assert system.bus.ids() == [f"{payment.id}:{n}" for n in (1, 2, 3, 4)]


def test_after_a_crash_before_the_cursor_write_the_same_events_are_published_again(
    system: PaymentSystem, payment: Payment
) -> None:
    with pytest.raises(Crash):
        publish(payment, CrashingProxy(system.ledger, CrashPoint(0)), system.bus, system.telemetry)
    publish_rest(system, system.reload(payment))
    first, again = system.bus.events[:4], system.bus.events[4:]
    assert first == again


def test_an_event_is_identical_after_later_changes(system: PaymentSystem, payment: Payment) -> None:
    then = replace(payment, status=Status.REQUIRES_ACTION, history=payment.history[:2])
    early = event_of(then, payment.history[1])
    assert event_of(payment, payment.history[1]) == early
    later = system.ledger.save(
        payment, refunds.refunded(payment, START, at=START, source="reconciliation", evidence={})
    )
    assert event_of(later, later.history[1]) == early
    assert [event.type for event in unpublished(later)][-1] == "payment.refunded"


def test_two_concurrent_publishers_lose_no_event(system: PaymentSystem, payment: Payment) -> None:
    """Both have read the payment before the other one moved the cursor."""
    publish_rest(system, payment)
    publish_rest(system, payment)
    assert set(system.bus.ids()) == {f"{payment.id}:{n}" for n in (1, 2, 3, 4)}
    assert system.reload(payment).published == 4


def test_a_publisher_with_an_old_payment_leaves_the_newer_entry_due(system: PaymentSystem) -> None:
    claimed = samples.payment()
    system.ledger.claim(claimed, None)
    system.ledger.save(claimed, claimed.transition_to(Status.FAILED, at=START, source="answer", evidence={}))
    publish_rest(system, claimed)
    assert system.reload(claimed).published == 1
    system.follow_up()
    assert system.bus.ids() == [f"{claimed.id}:1", f"{claimed.id}:2"]
    assert system.nothing_is_due


def test_no_event_contains_data_of_the_shopper(system: PaymentSystem, payment: Payment) -> None:
    publish_rest(system, payment)
    text = repr([event.detail for event in system.bus.events])
    for secret in (samples.CARD_NUMBER, samples.CVV, *samples.shopper().values()):
        assert f"'{secret}'" not in text
