"""500 deliveries of one webhook, 25 at a time: one transition, one content for each event id, no 5xx."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from local.simulator.control_client import Control
from local.stack import Shop
from local.stack.subscriber import Subscriber
from tests.flow.concurrency import retry_throttled

DELIVERIES = 500
AT_ONCE = 25


def test_five_hundred_concurrent_deliveries_are_one_transition(
    shop: Shop, unsigned: Shop, gateway: Control, bus: Subscriber, payment: dict[str, Any], table: Any
) -> None:
    order = "storm"
    charged = shop.charge(payment | {"order_id": order}, order).json
    gateway.decide(order, "approve")
    assert gateway.wait(order, delivered=1)
    delivery = gateway.deliveries(order)[0]
    body, headers = str(delivery["body"]), {str(k): str(v) for k, v in dict(delivery["headers"]).items()}
    path = gateway.transaction(order)["webhook_url"].removeprefix(unsigned.api_url)

    def deliver(_: int) -> int:
        return retry_throttled(lambda: unsigned.request("POST", path, body, headers)).status

    with ThreadPoolExecutor(AT_ONCE) as threads:
        statuses = list(threads.map(deliver, range(DELIVERIES)))

    assert set(statuses) == {200}
    assert bus.wait_for(charged["id"], "payment.succeeded") is not None
    item = table.get_item(Key={"pk": charged["id"]})["Item"]
    assert [entry["name"] for entry in item["history"]] == ["processing", "requires_action", "succeeded"]
    assert (item["published"], item["status"]) == (3, "succeeded")
    details: dict[str, Any] = {}
    for event in bus.of(charged["id"]):
        detail = event["detail"]
        assert details.setdefault(detail["metadata"]["event_id"], detail) == detail
    assert len(details) == 3
