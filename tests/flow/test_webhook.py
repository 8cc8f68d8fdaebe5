"""Webhooks through the API: which are refused, and that no order, repeat or contradiction changes the outcome."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

import pytest

from local.simulator.control_client import Control
from local.stack import Shop, Stack
from local.stack.api_client import Answer
from local.stack.subscriber import Subscriber
from tests.flow.lambda_calls import invoke
from tests.flow.payment_tracker import PaymentTracker, assert_charged_once, assert_published_without_a_gap
from tests.recorded_events import recorded


@dataclass(frozen=True)
class Forger:
    """Sends webhooks to one payment's address, signed with the secret it is given."""

    outside: Shop
    path: str
    secret: str

    def post(self, body: bytes, signature: str | None, path: str | None = None) -> Answer:
        headers = {"Content-Type": "application/json"} | ({"fs-webhook-hash": signature} if signature else {})
        return self.outside.request("POST", path or self.path, body, headers)

    def sign(self, body: bytes) -> str:
        return hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()


def forger_of(stack: Stack, outside: Shop, gateway: Control, order: str) -> Forger:
    address: str = gateway.transaction(order)["webhook_url"]
    return Forger(outside, address.removeprefix(stack.api_url), stack.gateway.keys.webhook_secret)


def claim(gateway: Control, order: str, status: str, **data: Any) -> bytes:
    """The body of a webhook about the order with this status."""
    held = gateway.transaction(order)
    fields = {name: held[name] for name in ("amount", "currency", "order_id", "transaction_id")}
    return json.dumps({"status": status, "message": "-", "data": fields | data}).encode()


@pytest.fixture
def waiting(shop: Shop, payment: dict[str, Any], request: pytest.FixtureRequest) -> dict[str, Any]:
    """A payment that waits for the shopper at the bank's page; its order id comes from the test's name."""
    order = "wh-" + hashlib.sha256(request.node.name.encode()).hexdigest()[:16]
    made: dict[str, Any] = shop.charge(payment | {"order_id": order}, order).json
    assert made["status"] == "requires_action"
    return made


class TestRefused:
    @pytest.fixture
    def forger(self, stack: Stack, unsigned: Shop, gateway: Control, waiting: dict[str, Any]) -> Forger:
        return forger_of(stack, unsigned, gateway, waiting["order_id"])

    @pytest.fixture(autouse=True)
    def _nothing_happens(self, gateway: Control, tracker: PaymentTracker, waiting: dict[str, Any]) -> Any:
        order = waiting["order_id"]
        gateway.decide(order, "approve", quietly=True)  # an accepted webhook would now change the payment
        asked = gateway.book()["status_requests"].get(order, 0)
        yield
        assert tracker.read(waiting["id"]) == waiting
        assert gateway.book()["status_requests"].get(order, 0) == asked

    @pytest.mark.parametrize("token", ["0" * 64, "x", "%00", "0" * 5000])
    def test_a_wrong_token(self, forger: Forger, gateway: Control, waiting: dict[str, Any], token: str) -> None:
        body = claim(gateway, waiting["order_id"], "SUCCESS")
        path = f"{forger.path.rsplit('/', 1)[0]}/{token}"
        answer = forger.post(body, forger.sign(body), path)
        assert answer.status == 404
        assert answer.body == b"", "nothing is revealed"

    def test_the_token_of_another_payment(
        self, forger: Forger, shop: Shop, gateway: Control, payment: dict[str, Any], waiting: dict[str, Any]
    ) -> None:
        other = shop.charge(payment, "wh-another-payment").json
        body = claim(gateway, waiting["order_id"], "SUCCESS")
        path = forger.path.replace(waiting["id"], other["id"])
        assert forger.post(body, forger.sign(body), path).status == 404

    def test_no_signature(self, forger: Forger, gateway: Control, waiting: dict[str, Any]) -> None:
        assert forger.post(claim(gateway, waiting["order_id"], "SUCCESS"), None).status == 401

    @pytest.mark.parametrize("signature", ["0" * 64, "sha256=0", "0"])
    def test_a_wrong_signature(self, forger: Forger, gateway: Control, waiting: dict[str, Any], signature: str) -> None:
        answer = forger.post(claim(gateway, waiting["order_id"], "SUCCESS"), signature)
        assert (answer.status, answer.body) == (401, b"")

    def test_the_signature_of_another_body(self, forger: Forger, gateway: Control, waiting: dict[str, Any]) -> None:
        body = claim(gateway, waiting["order_id"], "SUCCESS")
        assert forger.post(body + b" ", forger.sign(body)).status == 401

    def test_the_encryption_key_in_the_secrets_place(
        self, stack: Stack, forger: Forger, gateway: Control, waiting: dict[str, Any]
    ) -> None:
        body = claim(gateway, waiting["order_id"], "SUCCESS")
        wrong = Forger(forger.outside, forger.path, stack.gateway.keys.encryption_key)
        assert wrong.post(body, wrong.sign(body)).status == 401

    def test_a_flood(self, forger: Forger) -> None:
        body = b" " * 65_537
        assert forger.post(body, forger.sign(body)).status == 413


@pytest.mark.parametrize(("outcome", "status"), [("approve", "succeeded"), ("decline", "failed"), ("block", "blocked")])
def test_a_decision_reaches_the_payment_and_the_bus(
    gateway: Control, bus: Subscriber, tracker: PaymentTracker, waiting: dict[str, Any], outcome: str, status: str
) -> None:
    gateway.decide(waiting["order_id"], outcome)
    assert gateway.wait(waiting["order_id"], delivered=1)
    payment = tracker.wait_until(waiting["id"], status)
    assert_published_without_a_gap(bus, payment)


def test_a_body_in_base64_is_decoded(
    stack: Stack, unsigned: Shop, gateway: Control, tracker: PaymentTracker, waiting: dict[str, Any]
) -> None:
    order = waiting["order_id"]
    gateway.decide(order, "approve", quietly=True)
    forger, body = forger_of(stack, unsigned, gateway, order), claim(gateway, order, "SUCCESS")
    event = recorded("webhook-base64", body=base64.b64encode(body).decode())
    event["pathParameters"] = {"payment_id": waiting["id"], "token": forger.path.rsplit("/", 1)[1]}
    event["headers"]["fs-webhook-hash"] = forger.sign(body)
    assert invoke(stack, "WebhookFunction", event)["statusCode"] == 200
    assert tracker.read(waiting["id"])["status"] == "succeeded"


def test_a_replay_of_a_real_delivery_changes_nothing(
    stack: Stack,
    unsigned: Shop,
    gateway: Control,
    bus: Subscriber,
    tracker: PaymentTracker,
    table: Any,
    waiting: dict[str, Any],
) -> None:
    order = waiting["order_id"]
    gateway.decide(order, "approve")
    assert gateway.wait(order, delivered=1)
    payment = tracker.wait_until(waiting["id"], "succeeded")
    assert_published_without_a_gap(bus, payment)
    item, received = table.get_item(Key={"pk": payment["id"]})["Item"], len(bus.of(payment["id"]))
    (delivery,) = gateway.deliveries(order)
    forger = forger_of(stack, unsigned, gateway, order)
    for _ in range(3):
        signature = delivery["headers"]["fs-webhook-hash"]
        assert forger.post(delivery["body"].encode(), signature).status == 200
    bus.poll()
    assert table.get_item(Key={"pk": payment["id"]})["Item"] == item
    assert len(bus.of(payment["id"])) == received, "no new event"


@pytest.mark.parametrize(
    "scenario", ["approve", "webhook-first", "webhook-duplicate", "webhook-late", "webhook-reordered"]
)
def test_answer_and_webhooks_may_come_in_any_order_and_number(
    shop: Shop, gateway: Control, bus: Subscriber, tracker: PaymentTracker, payment: dict[str, Any], scenario: str
) -> None:
    order = f"wh-order-{scenario}"
    gateway.script(scenario, order_id=order, webhook_seconds=0.2)
    answer = shop.charge(payment | {"order_id": order}, order)
    assert (answer.status, answer.json["status"]) == (201, "succeeded")
    if scenario == "webhook-reordered":
        shop.charge(payment | {"card_number": "4242424242424242"}, "wh-overtaking")
    assert gateway.wait(order, delivered=3 if scenario == "webhook-duplicate" else 1)
    payment_now = tracker.read(answer.json["id"])
    assert (payment_now["status"], payment_now["version"]) == ("succeeded", 2)
    assert_charged_once(gateway, order)
    assert_published_without_a_gap(bus, payment_now)


@pytest.mark.parametrize("scenario", ["webhook-unsigned", "webhook-wrongly-signed"])
def test_a_forged_webhook_is_refused_at_every_attempt(
    shop: Shop, gateway: Control, bus: Subscriber, tracker: PaymentTracker, payment: dict[str, Any], scenario: str
) -> None:
    order = f"wh-{scenario}"
    gateway.script(scenario, order_id=order)
    made = shop.charge(payment | {"order_id": order}, order).json
    assert gateway.wait(order, deliveries=4)
    assert {attempt["status_code"] for attempt in gateway.deliveries(order)} == {401}
    tracker.follow_up(made["id"])
    assert_published_without_a_gap(bus, tracker.read(made["id"]))


def test_the_status_overrules_a_webhook(
    stack: Stack, unsigned: Shop, gateway: Control, bus: Subscriber, tracker: PaymentTracker, waiting: dict[str, Any]
) -> None:
    order = waiting["order_id"]
    forger, body = forger_of(stack, unsigned, gateway, order), claim(gateway, order, "SUCCESS")
    assert forger.post(body, forger.sign(body)).status == 200
    assert tracker.read(waiting["id"])["status"] == "requires_action", "signed, but the status API does not confirm it"
    gateway.decide(order, "decline", quietly=True)
    assert forger.post(body, forger.sign(body)).status == 200
    payment = tracker.read(waiting["id"])
    assert payment["status"] == "failed"
    assert_published_without_a_gap(bus, payment)


def test_a_webhook_that_cannot_be_confirmed_is_left_to_the_follow_up(
    shop: Shop, gateway: Control, bus: Subscriber, tracker: PaymentTracker, payment: dict[str, Any]
) -> None:
    order = "wh-unconfirmed"
    gateway.script("redirect", order_id=order, status="unavailable", status_times=1)
    made = shop.charge(payment | {"order_id": order}, order).json
    gateway.decide(order, "approve")
    assert gateway.wait(order, delivered=1)
    assert gateway.deliveries(order)[0]["status_code"] == 202
    assert_published_without_a_gap(bus, tracker.follow_up_until(made["id"], "succeeded"))


@pytest.mark.parametrize("lie", ["amount", "currency", "order_id", "transaction_id"])
def test_a_status_about_another_payment_goes_to_review(
    shop: Shop, gateway: Control, bus: Subscriber, tracker: PaymentTracker, payment: dict[str, Any], lie: str
) -> None:
    order = f"wh-lie-{lie}"
    gateway.script("redirect", order_id=order, status_lie=lie)
    made = shop.charge(payment | {"order_id": order}, order).json
    gateway.decide(order, "approve")
    assert gateway.wait(order, delivered=1)
    reviewed = tracker.wait_until(made["id"], "needs_review")
    assert_published_without_a_gap(bus, reviewed)


def test_a_success_after_a_failure_is_recorded_and_published(
    gateway: Control, bus: Subscriber, tracker: PaymentTracker, waiting: dict[str, Any]
) -> None:
    order = waiting["order_id"]
    gateway.decide(order, "decline")
    assert gateway.wait(order, delivered=1)
    tracker.wait_until(waiting["id"], "failed")
    gateway.decide(order, "approve", overrule=True)
    assert gateway.wait(order, delivered=2)
    assert_published_without_a_gap(bus, tracker.wait_until(waiting["id"], "succeeded"))


def test_a_failure_after_a_success_is_ignored(
    gateway: Control, bus: Subscriber, tracker: PaymentTracker, waiting: dict[str, Any]
) -> None:
    order = waiting["order_id"]
    gateway.decide(order, "approve")
    assert gateway.wait(order, delivered=1)
    paid = tracker.wait_until(waiting["id"], "succeeded")
    gateway.decide(order, "decline", overrule=True)
    assert gateway.wait(order, delivered=2)
    assert tracker.read(waiting["id"]) == paid, "a final status is sticky"
