"""The payment that the gateway's document prints, all the way: one charge, one approval, one truth everywhere."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from local.demo import document
from local.demo.browser import Browser, Redirect
from local.simulator.control_client import Control
from local.stack import Shop, Stack
from local.stack.api_client import Answer
from local.stack.cloud import Cloud
from local.stack.subscriber import Subscriber

ORDER = document.payment()


@dataclass(frozen=True)
class Paginator:
    """What was seen on the way."""

    charged: Answer
    page: int
    sent: Redirect
    event: dict[str, Any]
    read: Answer

    @property
    def id(self) -> str:
        return str(self.charged.json["id"])

    @property
    def transaction_id(self) -> str:
        return str(self.charged.json["transaction_id"])


@pytest.fixture(scope="module")
def walk(shop: Shop, gateway: Control, bus: Subscriber) -> Paginator:
    browser = Browser()
    charged = shop.charge(ORDER, "the-documented-payment")
    assert charged.status == 201, charged.body
    page = browser.open(charged.json["next_action"]["url"])
    sent = browser.press(page, "Approve")
    assert gateway.wait(charged.json["transaction_id"], delivered=1), gateway.deliveries()
    event = bus.wait_for(charged.json["id"], "payment.succeeded")
    assert event is not None, bus.received
    return Paginator(charged, page.status, sent, event, shop.get(f"/charges/{charged.json['id']}"))


def test_the_charge_is_answered_with_the_payment_and_where_to_go(walk: Paginator) -> None:
    payment = walk.charged.json
    assert walk.charged.headers["Location"].endswith(f"/charges/{walk.id}")
    assert payment["status"] == "requires_action"
    assert payment["next_action"]["type"] == "redirect"
    assert payment["card"] == {"brand": "visa", "last4": "1111", "expiry_month": "12", "expiry_year": "2027"}
    assert (payment["amount"], payment["currency"], payment["order_id"]) == (100, "GBP", ORDER["order_id"])
    assert payment["live"] is False


def test_the_gateway_decrypted_what_the_shop_sent(walk: Paginator, gateway: Control) -> None:
    request = the_request(gateway, walk)
    secret = {"card_number", "card_cvv"}
    sent = {name: value for name, value in ORDER.items() if name not in secret}
    assert {name: request["decrypted"][name] for name in sent} == sent
    assert request["decrypted"]["card_number"] == "411111******1111"
    assert set(request["decrypted"]) - set(ORDER) == {"webhook_url"}


def test_the_gateway_was_charged_once(walk: Paginator, gateway: Control) -> None:
    assert walk.id
    assert gateway.book()["posts"][ORDER["order_id"]] == 1


def test_the_shopper_approves_and_is_sent_back_to_the_shop(walk: Paginator) -> None:
    assert walk.page == 200
    assert walk.sent == Redirect(303, ORDER["redirect_url"])


def test_the_webhook_was_signed_and_taken_at_the_first_attempt(walk: Paginator, gateway: Control) -> None:
    (delivery,) = gateway.deliveries(walk.transaction_id)
    assert delivery["status_code"] == 200
    assert "fs-webhook-hash" in {name.lower() for name in delivery["headers"]}


def test_the_webhook_was_not_taken_at_its_word(walk: Paginator, gateway: Control) -> None:
    assert walk.id
    assert gateway.book()["status_requests"][ORDER["order_id"]] >= 1


def test_the_event_is_the_contracts(walk: Paginator, stack: Stack) -> None:
    event = walk.event
    assert event["source"] == "payagency.payments"
    assert event["detail-type"] == "payment.succeeded"
    metadata, data = event["detail"]["metadata"], event["detail"]["data"]
    assert event["detail"].keys() == {"metadata", "data"}
    assert metadata.keys() == {"event_id", "sequence", "schema_version", "occurred_at", "source"}
    assert metadata["event_id"] == f"{walk.id}:{metadata['sequence']}"
    # The webhook rang the bell; what was settled is what the status API said.
    assert (metadata["schema_version"], metadata["source"]) == ("1.0", "status")
    assert data == {
        "payment_id": walk.id,
        "order_id": ORDER["order_id"],
        "transaction_id": walk.transaction_id,
        "status": "succeeded",
        "previous_status": "requires_action",
        "amount": 100,
        "currency": "GBP",
        "live": False,
        "refund": {"status": "none", "refunded_at": None},
        "chargeback": {"status": "none", "charged_back_at": None},
        "failure": None,
    }
    assert event["region"] == stack.region


def test_the_subscriber_heard_the_whole_history_without_a_gap(walk: Paginator, bus: Subscriber) -> None:
    sequences = sorted({event["detail"]["metadata"]["sequence"] for event in bus.of(walk.id)})
    assert sequences == list(range(1, walk.event["detail"]["metadata"]["sequence"] + 1))


def test_the_shop_reads_what_was_published(walk: Paginator) -> None:
    payment = walk.read.json
    assert walk.read.status == 200
    assert payment["status"] == "succeeded"
    assert payment["next_action"] is None
    assert payment.keys() == walk.charged.json.keys()


def test_neither_table_nor_bus_nor_logs_hold_card_data(
    walk: Paginator, table: Any, bus: Subscriber, admin: Cloud
) -> None:
    places = {
        "table": json.dumps(table.scan()["Items"], default=str),
        "bus": json.dumps(bus.received),
        "logs": logged(admin),
    }
    for place, text in places.items():
        assert walk.id in text, f"nothing of the payment in the {place}: the search would prove nothing"
        assert ORDER["card_number"] not in text, place
        assert f'"{ORDER["card_cvv"]}"' not in text, place


def the_request(gateway: Control, walk: Paginator) -> Mapping[str, Any]:
    request: Mapping[str, Any]
    (request,) = [r for r in gateway.book()["requests"] if r["transaction_id"] == walk.transaction_id]
    return request


def logged(admin: Cloud) -> str:
    logs = admin.client("logs")
    groups = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
    events = [event for group in groups for event in logs.filter_log_events(logGroupName=group)["events"]]
    return "\n".join(event["message"] for event in events)
