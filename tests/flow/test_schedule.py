"""The deployed schedule runs the follow-up each minute, and the follow-up publishes what the relay leaves."""

import json
from collections.abc import Callable
from typing import Any

from local.simulator.control_client import Control
from local.stack import Shop, Stack
from local.stack.cloud import Cloud
from local.stack.subscriber import Subscriber
from tests.flow.relay_trouble import without_relay

A_FEW_RUNS_SECONDS = 240.0
"""The first run publishes. On a busy machine it may start late or take long, so the test waits for more than one."""


def test_the_schedule_publishes_each_minute_although_no_webhook_came(
    stack: Stack,
    admin: Cloud,
    shop: Shop,
    gateway: Control,
    bus: Subscriber,
    payment: dict[str, Any],
    make_due: Callable[[str], None],
) -> None:
    order = "left-to-the-schedule"
    gateway.script("approve", order_id=order, webhook="lost")
    with without_relay(stack):
        charged = shop.charge(payment | {"order_id": order}, order).json
        assert charged["status"] == "succeeded"
        make_due(charged["id"])

        event = bus.wait_for(charged["id"], "payment.succeeded", timeout=A_FEW_RUNS_SECONDS)

    assert event is not None
    assert [each["detail"]["metadata"]["sequence"] for each in bus.of(charged["id"])] == [1, 2]
    schedule = admin.client("scheduler").get_schedule(Name="payments-follow-up-0")
    assert (schedule["ScheduleExpression"], schedule["State"]) == ("rate(1 minute)", "ENABLED")
    assert json.loads(schedule["Target"]["Input"]) == {"run": 0, "runs": 1}
    others = [admin.client("scheduler").get_schedule(Name=f"payments-follow-up-{run}") for run in (1, 31)]
    assert [each["State"] for each in others] == ["DISABLED", "DISABLED"]
