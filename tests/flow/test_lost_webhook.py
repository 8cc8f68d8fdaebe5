"""The gateway stops delivering a webhook after three retries; the follow-up asks for the status instead."""

from collections.abc import Callable
from typing import Any

from local.demo.browser import Browser
from local.simulator.control_client import Control
from local.stack import Shop
from local.stack.subscriber import Subscriber


def test_a_payment_with_a_lost_webhook_is_decided_by_its_status(
    shop: Shop,
    gateway: Control,
    bus: Subscriber,
    browser: Browser,
    payment: dict[str, Any],
    make_due: Callable[[str], None],
    run_follow_up: Callable[..., Any],
) -> None:
    order = "lost-webhook"
    gateway.script("redirect", order_id=order, webhook="lost")
    charged = shop.charge(payment | {"order_id": order}, order).json
    assert charged["status"] == "requires_action"
    browser.press(browser.open(charged["next_action"]["url"]), "Approve")
    assert gateway.transaction(order)["status"] == "SUCCESS"

    make_due(charged["id"])
    assert run_follow_up()["broken"] == 0

    event = bus.wait_for(charged["id"], "payment.succeeded")
    assert event is not None, bus.received
    assert event["detail"]["metadata"]["source"] == "status"
    assert shop.get(f"/charges/{charged['id']}").json["status"] == "succeeded"
    assert gateway.deliveries(charged["transaction_id"]) == []
