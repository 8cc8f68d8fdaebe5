"""Nobody calls the follow-up here: the deployed schedule does, and tells the bus within about a minute."""

import time
from typing import Any

from local.simulator.control_client import Control
from local.stack import Shop
from local.stack.subscriber import Subscriber

ABOUT_A_MINUTE = 80.0
"""Seconds: the schedule's minute, and the time one run takes."""


def test_an_event_is_on_the_bus_within_about_a_minute_though_the_webhook_never_came(
    shop: Shop, gateway: Control, bus: Subscriber, payment: dict[str, Any]
) -> None:
    order = "left-to-the-schedule"
    gateway.script("approve", order_id=order, webhook="lost")
    started = time.monotonic()
    charged = shop.charge(payment | {"order_id": order}, order).json
    assert charged["status"] == "succeeded"

    event = bus.wait_for(charged["id"], "payment.succeeded", timeout=ABOUT_A_MINUTE)

    assert event is not None
    assert time.monotonic() - started < ABOUT_A_MINUTE
    assert [told["detail"]["metadata"]["sequence"] for told in bus.of(charged["id"])] == [1, 2]
