"""Refund requests as a shop sends them, and what the gateway and the bus show of them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from local.simulator.control_client import Control
from local.stack import Shop
from local.stack.api_client import Answer
from local.stack.subscriber import Subscriber
from tests.flow.payment_tracker import DEADLINE_SECONDS, PaymentTracker, assert_published_without_a_gap

REASON: Final = "The shopper sent it back."
PAID: Final = ["processing", "succeeded"]
REFUNDED: Final = [*PAID, "refund_requested", "refunded"]
"""The events of a payment that was paid, and of one that was refunded too."""


def refund(shop: Shop, payment_id: str, key: str, reason: str = REASON, **more: Any) -> Answer:
    """The answer to a refund request; `more` adds fields that the API does not know."""
    return shop.post(f"/charges/{payment_id}/refunds", {"reason": reason, **more}, {"Idempotency-Key": key})


def refund_posts(gateway: Control, order: str) -> int:
    """How many refund requests the gateway received for an order."""
    return int(gateway.book()["refund_posts"].get(order, 0))


def assert_refunded_once(gateway: Control, order: str) -> None:
    """The gateway received one refund request for the order and has refunded it."""
    assert refund_posts(gateway, order) == 1
    assert gateway.transaction(order)["refunded_at"] is not None


def published_names(bus: Subscriber, payment_id: str) -> list[str]:
    """The payment's published event types without `payment.`, by sequence, each sequence once."""
    names = {event["detail"]["metadata"]["sequence"]: event["detail-type"] for event in bus.of(payment_id)}
    return [names[sequence].removeprefix("payment.") for sequence in sorted(names)]


@contextmanager
def held_refund(shop: Shop, gateway: Control, payment_id: str, order: str) -> Iterator[list[Answer]]:
    """A refund request that the gateway holds. Its answer is in the list once the context is left."""
    answers: list[Answer] = []
    caller = threading.Thread(target=lambda: answers.append(refund(shop, payment_id, order)), daemon=True)
    caller.start()
    assert gateway.wait(order, held=True)
    try:
        yield answers
    finally:
        caller.join(DEADLINE_SECONDS)
        gateway.release(order)


def backdate_refund(table: Any, payment_id: str) -> None:
    """Moves the refund request one hour back: from then on a denial of the gateway is final."""
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    table.update_item(
        Key={"pk": payment_id},
        UpdateExpression="SET refund_attempt.requested_at = :hour_ago",
        ConditionExpression="attribute_exists(refund_attempt.requested_at)",
        ExpressionAttributeValues={":hour_ago": f"{hour_ago:%Y-%m-%dT%H:%M:%S}.000Z"},
    )


def assert_charged_back_and_refund_failed(bus: Subscriber, tracker: PaymentTracker, payment_id: str) -> None:
    """Both facts are in the payment and on the bus."""
    tracker.follow_up(payment_id)
    payment = tracker.read(payment_id)
    assert (payment["chargeback"]["status"], payment["refund"]["status"]) == ("charged_back", "failed")
    assert_published_without_a_gap(bus, payment)
    assert published_names(bus, payment_id) == [*PAID, "refund_requested", "charged_back", "refund_failed"]
