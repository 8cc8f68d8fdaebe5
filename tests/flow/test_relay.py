"""The deployed relay: events are on the bus within seconds, and what it leaves the follow-up publishes, in order."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from local.simulator.control_client import Control
from local.stack import Shop, Stack
from local.stack.subscriber import Subscriber
from tests.flow.refunds import refund
from tests.flow.relay_trouble import with_poison, without_bus, without_relay

SECONDS = 5.0
"""Within this time an event is on the bus, without a webhook."""

LONG_ENOUGH = 8.0
"""By now the relay has had the record."""


@pytest.fixture
def charge_without_webhook(shop: Shop, gateway: Control, payment: dict[str, Any]) -> Callable[[str], dict[str, Any]]:
    """A payment that succeeds at once, and of which the gateway sends no webhook."""

    def charge(order: str) -> dict[str, Any]:
        gateway.script("approve", order_id=order, webhook="lost")
        charged: dict[str, Any] = shop.charge(payment | {"order_id": order}, order).json
        assert charged["status"] == "succeeded"
        return charged

    return charge


def sequences(bus: Subscriber, payment_id: str) -> list[int]:
    """The sequences on the bus, in the order of arrival."""
    return [event["detail"]["metadata"]["sequence"] for event in bus.of(payment_id)]


def listen(bus: Subscriber, seconds: float) -> None:
    """Receives what comes for so long."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        bus.poll()


class TestWithinSeconds:
    def test_a_charge_without_a_webhook(self, bus: Subscriber, charge_without_webhook: Any) -> None:
        charge_without_webhook("relay-warm-up")
        charged = charge_without_webhook("relay-seconds")
        began = time.monotonic()
        assert bus.wait_for(charged["id"], "payment.succeeded", timeout=60.0) is not None
        assert time.monotonic() - began < SECONDS
        assert sequences(bus, charged["id"]) == [1, 2]

    def test_a_refund(self, bus: Subscriber, shop: Shop, charge_without_webhook: Any) -> None:
        charged = charge_without_webhook("relay-refund")
        assert bus.wait_for(charged["id"], "payment.succeeded") is not None
        assert refund(shop, charged["id"], "relay-refund").status == 201
        began = time.monotonic()
        assert bus.wait_for(charged["id"], "payment.refunded", timeout=60.0) is not None
        assert time.monotonic() - began < SECONDS
        assert sequences(bus, charged["id"]) == [1, 2, 3, 4]

    def test_nothing_is_published_twice(self, bus: Subscriber, shop: Shop, payment: dict[str, Any]) -> None:
        """The gateway's webhook comes as well: it finds nothing new, and leaves the events to the relay."""
        charged = shop.charge(
            payment | {"order_id": "relay-once", "card_number": "4242424242424242"}, "relay-once"
        ).json
        assert bus.wait_for(charged["id"], "payment.succeeded") is not None
        listen(bus, LONG_ENOUGH)
        assert sequences(bus, charged["id"]) == [1, 2]


@pytest.mark.parametrize("trouble", [without_bus, with_poison, without_relay])
def test_what_the_relay_leaves_the_follow_up_publishes(
    stack: Stack,
    bus: Subscriber,
    shop: Shop,
    charge_without_webhook: Any,
    make_due: Callable[[str], None],
    run_follow_up: Callable[..., Any],
    trouble: Any,
) -> None:
    order = f"relay-{trouble.__name__}"
    with trouble(stack):
        charged = charge_without_webhook(order)
        listen(bus, LONG_ENOUGH)
        assert sequences(bus, charged["id"]) == []
    make_due(charged["id"])
    assert run_follow_up()["broken"] == 0
    assert bus.wait_for(charged["id"], "payment.succeeded") is not None
    assert refund(shop, charged["id"], order).status == 201
    assert bus.wait_for(charged["id"], "payment.refunded") is not None
    assert list(dict.fromkeys(sequences(bus, charged["id"]))) == [1, 2, 3, 4]
