"""Giving a payment back as a shop does, and what must be true of the money however that went."""

from typing import Any

from local.simulator.control_client import Control
from local.stack import Shop
from local.stack.api_client import Answer
from local.stack.subscriber import Subscriber

REASON = "The shopper sent it back."


def refund(shop: Shop, payment_id: str, key: str, reason: str = REASON, **more: Any) -> Answer:
    """The answer to a request for a refund; `more` is what a shop might think goes into it."""
    return shop.post(f"/charges/{payment_id}/refunds", {"reason": reason, **more}, {"Idempotency-Key": key})


def asked_back(gateway: Control, order: str) -> int:
    """How often the gateway was asked for the money of an order."""
    return int(gateway.book()["refund_posts"].get(order, 0))


def assert_sent_back_once(gateway: Control, order: str) -> None:
    assert asked_back(gateway, order) == 1
    assert gateway.transaction(order)["refunded_at"] is not None


def told(bus: Subscriber, payment_id: str) -> list[str]:
    """The names of what the bus was told of a payment, in order, each once."""
    names = {event["detail"]["metadata"]["sequence"]: event["detail-type"] for event in bus.of(payment_id)}
    return [names[sequence].removeprefix("payment.") for sequence in sorted(names)]
