"""Refunds and chargebacks made in the gateway's own dashboard: the gateway promises no webhook, and we need none."""

from collections.abc import Callable
from typing import Any

import pytest

from local.simulator.control_client import Control
from local.stack import Shop
from local.stack.subscriber import Subscriber

FACTS = {"refund": ("refund", "refunded"), "charge_back": ("chargeback", "charged_back")}


@pytest.fixture(params=list(FACTS))
def action(request: pytest.FixtureRequest) -> str:
    """The name of the control client's method."""
    return str(request.param)


def test_a_refresh_shows_them_at_once_and_they_are_published(
    shop: Shop,
    gateway: Control,
    bus: Subscriber,
    payment: dict[str, Any],
    action: str,
    run_follow_up: Callable[..., Any],
) -> None:
    order, (fact, name) = f"refreshed-{action}", FACTS[action]
    gateway.script("approve", order_id=order)
    paid = shop.charge(payment | {"order_id": order}, order).json
    getattr(gateway, action)(order)

    seen = shop.get(f"/charges/{paid['id']}?refresh=true").json

    assert (seen["status"], seen[fact]["status"]) == ("succeeded", name)
    assert seen[fact][f"{name}_at"] is not None
    asked = gateway.book()["status_requests"][order]
    assert shop.get(f"/charges/{paid['id']}?refresh=true").json == seen
    assert gateway.book()["status_requests"][order] == asked, "the gateway is asked once in five seconds"
    run_follow_up()
    event = bus.wait_for(paid["id"], f"payment.{name}")
    assert event is not None
    assert event["detail"]["data"][fact]["status"] == name
    assert event["detail"]["data"]["status"] == event["detail"]["data"]["previous_status"] == "succeeded"


def test_a_webhook_reports_them_if_one_comes(
    shop: Shop, gateway: Control, bus: Subscriber, payment: dict[str, Any], action: str
) -> None:
    order, (fact, name) = f"announced-{action}", FACTS[action]
    gateway.script("approve", order_id=order)
    paid = shop.charge(payment | {"order_id": order}, order).json
    assert gateway.wait(order, delivered=1)
    getattr(gateway, action)(order)

    gateway.announce(order)

    assert bus.wait_for(paid["id"], f"payment.{name}") is not None
    assert shop.get(f"/charges/{paid['id']}").json[fact]["status"] == name


def test_an_undocumented_status_leaves_the_payment_open(shop: Shop, gateway: Control, payment: dict[str, Any]) -> None:
    order = "unknown-word"
    gateway.script("unknown-status", order_id=order)
    answer = shop.charge(payment | {"order_id": order}, order)
    assert (answer.status, answer.json["status"]) == (202, "processing")
    assert shop.get(f"/charges/{answer.json['id']}?refresh=true").json["status"] == "processing"
