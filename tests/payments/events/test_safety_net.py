"""What the relay does not publish, the follow-up does: two minutes later, in order, and without delaying a query."""

from datetime import timedelta

import pytest

from payments.ledger import payment_items
from payments.model.follow_up import FIRST_ASK, LEFT_TO_RELAY
from payments.model.payment import Payment
from payments.model.status import Status
from tests.fakes.crashing_ledger import Crash
from tests.fakes.gateway import Answers
from tests.payments.assembled import PaymentSystem

A_MOMENT = timedelta(milliseconds=1)


@pytest.fixture
def system() -> PaymentSystem:
    return PaymentSystem(relay_works=False)


@pytest.fixture
def paid(system: PaymentSystem) -> Payment:
    """A payment that succeeded at once."""
    system.gateway.script_charges(Answers("SUCCESS"))
    return system.charge().payment


def run_after(system: PaymentSystem, wait: timedelta) -> list[str]:
    """The ids on the bus after a run of the follow-up, so much later."""
    system.follow_up(seconds=wait.total_seconds())
    return system.bus.ids()


def ids(payment: Payment, count: int = 2) -> list[str]:
    return [f"{payment.id}:{nth}" for nth in range(1, count + 1)]


def test_without_a_relay_the_follow_up_publishes_after_two_minutes(system: PaymentSystem, paid: Payment) -> None:
    assert run_after(system, LEFT_TO_RELAY - A_MOMENT) == []
    assert run_after(system, A_MOMENT) == ids(paid)
    assert system.nothing_is_due
    system.relay_all()
    assert system.bus.ids() == ids(paid), "a late record publishes nothing again"


def test_with_a_relay_the_follow_up_has_nothing_to_publish(system: PaymentSystem, paid: Payment) -> None:
    system.relay_all()
    assert system.nothing_is_due
    assert run_after(system, 2 * LEFT_TO_RELAY) == ids(paid)


def test_a_query_is_not_delayed_and_publishes_too(system: PaymentSystem) -> None:
    waiting = system.charge().payment
    assert run_after(system, FIRST_ASK - A_MOMENT) == []
    assert system.gateway.asked == []
    assert run_after(system, A_MOMENT) == ids(waiting)
    assert system.gateway.asked == [waiting.wire_order_id]


def test_the_rest_of_what_the_bus_took_in_part_follows_in_order(system: PaymentSystem, paid: Payment) -> None:
    system.bus.takes = 1
    system.relay_all()
    system.bus.takes = None
    system.refund(paid)
    assert system.bus.ids() == ids(paid, 1)
    assert run_after(system, LEFT_TO_RELAY) == ids(paid, 4)
    assert system.nothing_is_due


def test_a_webhook_that_dies_between_its_write_and_the_bus(
    system: PaymentSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = system.charge().payment
    system.gateway.charges[0].raw_status = "SUCCESS"

    def dies(_: object) -> int:
        raise Crash("killed")

    with monkeypatch.context() as killed:
        killed.setattr(system.bus, "publish", dies)
        with pytest.raises(Crash):
            system.webhook(payment)
    assert system.reload(payment).status is Status.SUCCEEDED
    system.relay_all()
    assert system.bus.ids() == [], "the webhook announces what it writes"
    assert run_after(system, LEFT_TO_RELAY) == ids(payment, 3)
    assert system.nothing_is_due


def test_what_an_earlier_release_wrote(system: PaymentSystem, paid: Payment) -> None:
    """Its payments have no announcer, and are due at once."""
    item = system.ledger._table[paid.id]
    del item["announcer"]
    item["follow_up_at"] = payment_items.stamp(system.clock())
    system.relay_all()
    assert system.bus.ids() == []
    assert run_after(system, timedelta()) == ids(paid)
