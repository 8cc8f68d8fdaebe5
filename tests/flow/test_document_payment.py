"""The payment of the gateway's reference document, end to end: one charge, one approval, the same facts everywhere."""

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
from tests.flow.logs import log_text

ORDER = document.payment()


@dataclass(frozen=True)
class Journey:
    """Every answer and event of the payment, in order."""

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
def journey(shop: Shop, gateway: Control, bus: Subscriber) -> Journey:
    browser = Browser()
    charged = shop.charge(ORDER, "the-documented-payment")
    assert charged.status == 201, charged.body
    page = browser.open(charged.json["next_action"]["url"])
    sent = browser.press(page, "Approve")
    assert gateway.wait(charged.json["transaction_id"], delivered=1), gateway.deliveries()
    event = bus.wait_for(charged.json["id"], "payment.succeeded")
    assert event is not None, bus.received
    return Journey(charged, page.status, sent, event, shop.get(f"/charges/{charged.json['id']}"))


def test_the_charge_is_answered_with_the_payment_and_the_redirect(journey: Journey) -> None:
    payment = journey.charged.json
    assert journey.charged.headers["Location"].endswith(f"/charges/{journey.id}")
    assert payment["status"] == "requires_action"
    assert payment["next_action"]["type"] == "redirect"
    assert payment["card"] == {"brand": "visa", "last4": "1111", "expiry_month": "12", "expiry_year": "2027"}
    assert (payment["amount"], payment["currency"], payment["order_id"]) == (100, "GBP", ORDER["order_id"])
    assert payment["live"] is False


def test_the_gateway_decrypted_what_the_shop_sent(journey: Journey, gateway: Control) -> None:
    request = the_request(gateway, journey)
    secret = {"card_number", "card_cvv"}
    sent = {name: value for name, value in ORDER.items() if name not in secret}
    assert {name: request["decrypted"][name] for name in sent} == sent
    assert request["decrypted"]["card_number"] == "411111******1111"
    assert set(request["decrypted"]) - set(ORDER) == {"webhook_url"}


def test_the_gateway_was_charged_once(journey: Journey, gateway: Control) -> None:
    assert journey.id
    assert gateway.book()["posts"][ORDER["order_id"]] == 1


def test_the_shopper_approves_and_is_sent_back_to_the_shop(journey: Journey) -> None:
    assert journey.page == 200
    assert journey.sent == Redirect(303, ORDER["redirect_url"])


def test_the_webhook_was_signed_and_accepted_at_the_first_attempt(journey: Journey, gateway: Control) -> None:
    (delivery,) = gateway.deliveries(journey.transaction_id)
    assert delivery["status_code"] == 200
    assert "fs-webhook-hash" in {name.lower() for name in delivery["headers"]}


def test_the_webhook_was_confirmed_with_the_status_api(journey: Journey, gateway: Control) -> None:
    assert journey.id
    assert gateway.book()["status_requests"][ORDER["order_id"]] >= 1


def test_the_event_follows_the_contract(journey: Journey, stack: Stack) -> None:
    event = journey.event
    assert event["source"] == "payagency.payments"
    assert event["detail-type"] == "payment.succeeded"
    metadata, data = event["detail"]["metadata"], event["detail"]["data"]
    assert event["detail"].keys() == {"metadata", "data"}
    assert metadata.keys() == {"event_id", "sequence", "schema_version", "occurred_at", "source"}
    assert metadata["event_id"] == f"{journey.id}:{metadata['sequence']}"
    # The webhook only triggers the status request; the recorded status is the status API's.
    assert (metadata["schema_version"], metadata["source"]) == ("1.0", "status")
    assert data == {
        "payment_id": journey.id,
        "order_id": ORDER["order_id"],
        "transaction_id": journey.transaction_id,
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


def test_the_subscriber_received_the_whole_history_without_a_gap(journey: Journey, bus: Subscriber) -> None:
    sequences = sorted({event["detail"]["metadata"]["sequence"] for event in bus.of(journey.id)})
    assert sequences == list(range(1, journey.event["detail"]["metadata"]["sequence"] + 1))


def test_the_shop_reads_what_was_published(journey: Journey) -> None:
    payment = journey.read.json
    assert journey.read.status == 200
    assert payment["status"] == "succeeded"
    assert payment["next_action"] is None
    assert payment.keys() == journey.charged.json.keys()


def test_neither_table_nor_bus_nor_logs_hold_card_data(
    journey: Journey, table: Any, bus: Subscriber, admin: Cloud
) -> None:
    places = {
        "table": json.dumps(table.scan()["Items"], default=str),
        "bus": json.dumps(bus.received),
        "logs": log_text(admin),
    }
    for place, text in places.items():
        assert journey.id in text, f"the payment is not in the {place}: the search would prove nothing"
        assert ORDER["card_number"] not in text, place
        assert f'"{ORDER["card_cvv"]}"' not in text, place


def the_request(gateway: Control, journey: Journey) -> Mapping[str, Any]:
    request: Mapping[str, Any]
    (request,) = [r for r in gateway.book()["requests"] if r["transaction_id"] == journey.transaction_id]
    return request
