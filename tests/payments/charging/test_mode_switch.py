"""A stack that is switched from test to live, or back, over the same table: two worlds that share nothing but it."""

from dataclasses import replace

import pytest

from payments.charging.charge import Charged
from payments.charging.claim import OrderTaken
from payments.model.payment import Payment
from payments.ports.gateway import NotSent
from payments.ports.ledger import OrderLock
from tests.fakes import samples
from tests.fakes.gateway import Answers, ScriptedGateway
from tests.payments.assembled import PaymentSystem


class LiveGateway(ScriptedGateway):
    """The gateway with live keys: it knows nothing of what was sent with test keys."""

    live = True


@pytest.fixture
def system() -> PaymentSystem:
    return PaymentSystem()


@pytest.fixture
def switched(system: PaymentSystem) -> PaymentSystem:
    """The same table, after the switch to live keys."""
    return replace(system, gateway=LiveGateway())


def charge(system: PaymentSystem, **changes: object) -> Charged:
    charging = replace(system.charging, live=system.gateway.live)
    system.gateway.script_charges(Answers("SUCCESS"))
    return charging.charge(samples.charge_request(**changes), samples.webhook_url, 20.0)


def locked(system: PaymentSystem, *, live: bool) -> OrderLock | None:
    return system.ledger.order(samples.ORDER_ID, live=live)


def test_the_same_key_makes_a_new_live_payment(system: PaymentSystem, switched: PaymentSystem) -> None:
    tested = charge(system).payment
    charged = charge(switched)
    assert (charged.replayed, charged.payment.live, charged.payment.status) == (False, True, "succeeded")
    assert charged.payment.id != tested.id
    assert len(switched.gateway.submissions) == 1
    assert system.reload(tested) == tested


def test_the_same_order_is_free(system: PaymentSystem, switched: PaymentSystem) -> None:
    tested = charge(system).payment
    live = charge(switched, idempotency_key="another").payment
    assert live.attempt == 1
    assert locked(system, live=False) == OrderLock(samples.ORDER_ID, (tested.id,))
    assert locked(system, live=True) == OrderLock(samples.ORDER_ID, (live.id,))
    with pytest.raises(OrderTaken) as taken:
        charge(switched, idempotency_key="a third")
    assert taken.value.payment.id == live.id


def test_a_live_payment_is_charged_once_whatever_was_tested(system: PaymentSystem, switched: PaymentSystem) -> None:
    charge(system)
    first, again = charge(switched), charge(switched)
    assert (again.payment.id, again.replayed) == (first.payment.id, True)
    assert len(switched.gateway.submissions) == 1


def test_a_test_payment_is_never_the_answer_while_the_live_gateway_is_down(
    system: PaymentSystem, switched: PaymentSystem
) -> None:
    charge(system)
    switched.gateway.unready = NotSent("the circuit is open")
    charging = replace(switched.charging, live=True)
    assert charging.earlier(samples.charge_request()) is None
    with pytest.raises(Exception, match="nothing was recorded or sent"):
        charge(switched)


def test_back_in_test_mode_the_test_payment_is_found_again(system: PaymentSystem, switched: PaymentSystem) -> None:
    tested = charge(system).payment
    charge(switched)
    again = charge(system)
    assert (again.payment.id, again.replayed) == (tested.id, True)
    assert len(system.gateway.submissions) == 1


def test_events_of_a_test_payment_are_still_published_and_it_is_not_asked_about(
    system: PaymentSystem, switched: PaymentSystem
) -> None:
    """The follow-up's index has both modes: the payments of the other one stay visible, and their events due."""
    waiting = pending(system)
    switched.follow_up(hours=1)
    assert [event.payment_id for event in switched.bus.events] == [waiting.id] * 2
    assert switched.gateway.asked == []
    assert system.reload(waiting).follow_up.due_at is not None


def pending(system: PaymentSystem) -> Payment:
    system.gateway.script_charges(Answers("REDIRECT"))
    return system.charge().payment
