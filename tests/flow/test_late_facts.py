"""Refunds and chargebacks made in the gateway's own back office: no webhook is promised, and none is needed."""

from collections.abc import Callable
from typing import Any

import pytest

from local.simulator.control_client import Control
from local.stack import Shop
from local.stack.subscriber import Subscriber

FACTS = {"refund": ("refund", "refunded"), "charge_back": ("chargeback", "charged_back")}


@pytest.fixture(params=list(FACTS))
def deed(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def happen(gateway: Control, deed: str, order: str) -> None:
    getattr(gateway, deed)(order)


def test_they_are_seen_at_once_by_who_asks_and_told_to_everybody(
    shop: Shop, gateway: Control, bus: Subscriber, payment: dict[str, Any], deed: str, follow_up: Callable[..., Any]
) -> None:
    order, (fact, name) = f"refreshed-{deed}", FACTS[deed]
    gateway.script("approve", order_id=order)
    paid = shop.charge(payment | {"order_id": order}, order).json
    happen(gateway, deed, order)

    seen = shop.get(f"/charges/{paid['id']}?refresh=true").json

    assert (seen["status"], seen[fact]["status"]) == ("succeeded", name)
    assert seen[fact][f"{name}_at"] is not None
    asked = gateway.book()["status_requests"][order]
    assert shop.get(f"/charges/{paid['id']}?refresh=true").json == seen
    assert gateway.book()["status_requests"][order] == asked, "the gateway is asked once in five seconds"
    follow_up()
    event = bus.wait_for(paid["id"], f"payment.{name}")
    assert event is not None
    assert event["detail"]["data"][fact]["status"] == name
    assert event["detail"]["data"]["status"] == event["detail"]["data"]["previous_status"] == "succeeded"


def test_they_are_heard_from_a_webhook_should_one_come(
    shop: Shop, gateway: Control, bus: Subscriber, payment: dict[str, Any], deed: str
) -> None:
    order, (fact, name) = f"announced-{deed}", FACTS[deed]
    gateway.script("approve", order_id=order)
    paid = shop.charge(payment | {"order_id": order}, order).json
    assert gateway.wait(order, delivered=1)
    happen(gateway, deed, order)

    gateway.announce(order)

    assert bus.wait_for(paid["id"], f"payment.{name}") is not None
    assert shop.get(f"/charges/{paid['id']}").json[fact]["status"] == name


def test_a_status_that_no_document_names_leaves_the_payment_open(
    shop: Shop, gateway: Control, payment: dict[str, Any]
) -> None:
    order = "unknown-word"
    gateway.script("unknown-status", order_id=order)
    answer = shop.charge(payment | {"order_id": order}, order)
    assert (answer.status, answer.json["status"]) == (202, "processing")
    assert shop.get(f"/charges/{answer.json['id']}?refresh=true").json["status"] == "processing"
