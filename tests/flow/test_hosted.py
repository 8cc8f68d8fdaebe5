"""`payment_method: hosted` through the stack: the shopper enters the card at the gateway, and we never see it."""

import json
from typing import Any

import pytest

from local.demo import document
from local.simulator.control_client import Control
from local.stack import Shop
from local.stack.subscriber import Subscriber
from tests.flow.hosted_page import CVV, enter, press
from tests.flow.payment_tracker import PaymentTracker, assert_charged_once, assert_published_without_a_gap
from tests.flow.refunds import assert_refunded_once, published_names, refund

APPROVED, CHALLENGED = "4242424242424242", "4111111111111111"
CARD_FIELDS = ("card_number", "card_expiry_month", "card_expiry_year", "card_cvv")


@pytest.fixture
def hosted() -> dict[str, Any]:
    """The documented payment without a card, and without an order id, which each test chooses."""
    left_out = {"order_id", *CARD_FIELDS}
    fields = {name: value for name, value in document.payment().items() if name not in left_out}
    return fields | {"payment_method": "hosted"}


def begun(shop: Shop, hosted: dict[str, Any], order: str) -> dict[str, Any]:
    """A payment that waits for the shopper at the gateway's page."""
    answer = shop.charge(hosted | {"order_id": order}, order)
    assert (answer.status, answer.json["status"]) == (201, "requires_action"), answer.body
    payment: dict[str, Any] = answer.json
    return payment


def test_the_shopper_is_sent_to_the_gateways_page_and_no_card_is_sent(
    shop: Shop, gateway: Control, hosted: dict[str, Any]
) -> None:
    order = "hosted-begun"
    payment = begun(shop, hosted, order)
    assert payment["card"] is None
    assert payment["next_action"]["type"] == "redirect"
    page = payment["next_action"]["url"]
    assert page.endswith(f"/api/v1/test/hosted/card/checkout/{payment['transaction_id']}")

    (request,) = [r for r in gateway.book()["requests"] if r["order_id"] == order]
    assert request["call"] == "hosted"
    sent = request["decrypted"]
    assert sent.keys() == (hosted.keys() - {"payment_method"}) | {"order_id", "webhook_url"}
    assert (sent["amount"], sent["currency"]) == (hosted["amount"], hosted["currency"])


def test_a_retry_returns_the_same_page_and_another_method_is_another_request(
    shop: Shop, gateway: Control, hosted: dict[str, Any], payment: dict[str, Any]
) -> None:
    order = "hosted-repeated"
    first = begun(shop, hosted, order)
    again = shop.charge(hosted | {"order_id": order}, order)
    assert (again.status, again.json, again.headers["Idempotency-Replayed"]) == (201, first, "true")
    other = shop.charge(payment | {"order_id": order}, order)
    assert (other.status, other.json["code"]) == (422, "idempotency_key_reused")
    beside = shop.charge(payment | {"order_id": order}, f"{order}-by-card")
    assert (beside.status, beside.json["code"]) == (409, "order_payment_in_progress")
    assert gateway.book()["posts"][order] == 1


@pytest.mark.parametrize(
    ("card", "status", "failure"),
    [
        (APPROVED, "succeeded", None),
        ("4000000000000002", "failed", "declined"),
        ("4000000000000010", "blocked", "blocked"),
    ],
)
def test_the_webhook_brings_the_outcome(
    shop: Shop,
    gateway: Control,
    bus: Subscriber,
    tracker: PaymentTracker,
    hosted: dict[str, Any],
    card: str,
    status: str,
    failure: str | None,
) -> None:
    order = f"hosted-{status}"
    payment = begun(shop, hosted, order)
    shown = enter(payment["next_action"]["url"], card)
    assert (shown.status, shown.to) == (303, hosted["redirect_url"])

    final = tracker.wait_until(payment["id"], status)

    assert (final["failure"] or {}).get("code") == failure
    assert (final["next_action"], final["card"]) == (None, None)
    assert gateway.wait(order, delivered=1)
    assert gateway.book()["posts"][order] == 1
    assert_published_without_a_gap(bus, final)
    assert published_names(bus, payment["id"]) == ["processing", "requires_action", status]
    assert bus.of(payment["id"])[-1]["detail"]["metadata"]["source"] == "status", "the webhook was confirmed"


def test_a_challenged_card_passes_3_d_secure_too(
    shop: Shop, gateway: Control, bus: Subscriber, tracker: PaymentTracker, hosted: dict[str, Any]
) -> None:
    order = "hosted-challenged"
    payment = begun(shop, hosted, order)
    challenge = enter(payment["next_action"]["url"], CHALLENGED).to
    assert challenge is not None
    assert tracker.read(payment["id"])["status"] == "requires_action"
    assert press(challenge, "approve").to == hosted["redirect_url"]
    assert_published_without_a_gap(bus, tracker.wait_until(payment["id"], "succeeded"))
    assert_charged_once(gateway, order)


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ({"number": "4242424242424241"}, "digits do not add up"),
        ({"number": APPROVED, "expiry": "12/20"}, "has expired"),
        ({"number": APPROVED, "cvv": "12"}, "has 3 digits"),
    ],
)
def test_a_mistyped_card_charges_nothing_and_may_be_corrected(
    shop: Shop,
    gateway: Control,
    tracker: PaymentTracker,
    hosted: dict[str, Any],
    typed: dict[str, str],
    fault: str,
    request: pytest.FixtureRequest,
) -> None:
    order = f"hosted-mistyped-{request.node.callspec.indices['typed']}"
    payment = begun(shop, hosted, order)
    shown = enter(payment["next_action"]["url"], **typed)
    assert (shown.status, shown.to) == (422, None)
    assert fault in shown.text
    assert typed["number"] not in shown.text
    assert gateway.transaction(order)["status"] == "REDIRECT"
    assert shop.get(f"/charges/{payment['id']}?refresh=true").json["status"] == "requires_action"

    enter(payment["next_action"]["url"], APPROVED)
    tracker.wait_until(payment["id"], "succeeded")
    assert_charged_once(gateway, order)


def test_a_shopper_who_leaves_the_page_has_paid_nothing_and_may_try_again(
    shop: Shop,
    gateway: Control,
    bus: Subscriber,
    tracker: PaymentTracker,
    hosted: dict[str, Any],
    payment: dict[str, Any],
) -> None:
    order = "hosted-left"
    first = begun(shop, hosted, order)
    assert press(first["next_action"]["url"], "abandon").to == hosted["redirect_url"]
    final = tracker.follow_up_until(first["id"], "abandoned")
    assert_published_without_a_gap(bus, final)
    by_card = shop.charge(payment | {"order_id": order, "card_number": APPROVED}, f"{order}-by-card")
    assert (by_card.status, by_card.json["status"]) == (201, "succeeded")


def test_a_lost_webhook_is_replaced_by_the_status(
    shop: Shop, gateway: Control, bus: Subscriber, tracker: PaymentTracker, hosted: dict[str, Any]
) -> None:
    order = "hosted-webhook-lost"
    gateway.script("redirect", call="hosted", order_id=order, webhook="lost")
    payment = begun(shop, hosted, order)
    enter(payment["next_action"]["url"], APPROVED)
    assert_published_without_a_gap(bus, tracker.follow_up_until(payment["id"], "succeeded"))
    assert gateway.deliveries(order) == []


def test_a_lost_answer_is_looked_up_and_no_second_page_is_opened(
    shop: Shop, gateway: Control, bus: Subscriber, tracker: PaymentTracker, hosted: dict[str, Any]
) -> None:
    order = "hosted-in-doubt"
    gateway.script("charged-then-500", call="hosted", order_id=order, outcome="redirect")
    first = shop.charge(hosted | {"order_id": order}, order)
    assert (first.status, first.json["status"], first.json["next_action"]) == (202, "processing", None)

    gateway.switch(status_names_page=True)
    found = tracker.follow_up_until(first.json["id"], "requires_action")
    gateway.switch(status_names_page=False)

    assert enter(found["next_action"]["url"], APPROVED).to == hosted["redirect_url"]
    assert_published_without_a_gap(bus, tracker.wait_until(first.json["id"], "succeeded"))
    assert_charged_once(gateway, order)


def test_it_is_refunded_like_any_other_payment(
    shop: Shop, gateway: Control, bus: Subscriber, tracker: PaymentTracker, hosted: dict[str, Any]
) -> None:
    order = "hosted-refunded"
    payment = begun(shop, hosted, order)
    enter(payment["next_action"]["url"], APPROVED)
    tracker.wait_until(payment["id"], "succeeded")
    answer = refund(shop, payment["id"], order)
    assert (answer.status, answer.json["refund"]["status"]) == (201, "refunded")
    assert_refunded_once(gateway, order)
    tracker.follow_up(payment["id"])
    assert_published_without_a_gap(bus, answer.json)
    events = ["processing", "requires_action", "succeeded", "refund_requested", "refunded"]
    assert published_names(bus, payment["id"]) == events


def test_card_fields_are_refused_one_by_one_and_nothing_is_sent(
    shop: Shop, gateway: Control, table: Any, hosted: dict[str, Any]
) -> None:
    order = "hosted-with-a-card"
    card = {name: document.payment()[name] for name in CARD_FIELDS}
    before = gateway.book()["card_requests"], len(gateway.book()["requests"])

    answer = shop.charge(hosted | card | {"order_id": order}, order)

    assert (answer.status, answer.json["code"], answer.json["retry"]) == (422, "invalid_request", "never")
    assert {error["field"] for error in answer.json["errors"]} == set(CARD_FIELDS)
    assert {error["code"] for error in answer.json["errors"]} == {"unknown_field"}
    assert card["card_number"] not in answer.body.decode()
    assert (gateway.book()["card_requests"], len(gateway.book()["requests"])) == before
    assert "Item" not in table.get_item(Key={"pk": f"order#test#{order}"}, ConsistentRead=True)


@pytest.mark.parametrize("name", CARD_FIELDS)
def test_a_single_card_field_is_refused(shop: Shop, hosted: dict[str, Any], name: str) -> None:
    answer = shop.charge(hosted | {name: document.payment()[name]}, f"hosted-with-{name}")
    assert (answer.status, [error["field"] for error in answer.json["errors"]]) == (422, [name])


def test_no_other_method_is_accepted(shop: Shop, hosted: dict[str, Any]) -> None:
    answer = shop.charge(hosted | {"payment_method": "cash-31337733"}, "hosted-cash")
    assert answer.status == 422
    assert ("payment_method", "not_supported") in {(e["field"], e["code"]) for e in answer.json["errors"]}
    assert "31337733" not in answer.body.decode()


def test_the_card_entered_at_the_page_appears_nowhere(
    shop: Shop, bus: Subscriber, tracker: PaymentTracker, table: Any, hosted: dict[str, Any]
) -> None:
    payment = begun(shop, hosted, "hosted-silent")
    enter(payment["next_action"]["url"], APPROVED)
    tracker.wait_until(payment["id"], "succeeded")
    tracker.follow_up(payment["id"])
    item = table.get_item(Key={"pk": payment["id"]}, ConsistentRead=True)["Item"]
    kept = [item, shop.get(f"/charges/{payment['id']}").json, shop.get(f"/charges/{payment['id']}/events").json]
    text = json.dumps([*kept, bus.of(payment["id"])], default=str)
    for value in (APPROVED, f'"{CVV}"'):
        assert value not in text
    assert "card" not in item
