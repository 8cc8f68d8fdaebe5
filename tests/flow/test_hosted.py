"""`payment_method: hosted` through the stack: the shopper types his card at the gateway's page, and we never see it."""

import json
from typing import Any

import pytest

from local.demo import document
from local.simulator.control_client import Control
from local.stack import Shop
from local.stack.subscriber import Subscriber
from tests.flow.cardform import CVV, enter, press
from tests.flow.refunds import assert_sent_back_once, refund, told
from tests.flow.waiting import Clerk, assert_charged_once, assert_told_without_a_gap

APPROVED, CHALLENGED = "4242424242424242", "4111111111111111"
CARD_FIELDS = ("card_number", "card_expiry_month", "card_expiry_year", "card_cvv")


@pytest.fixture
def hosted() -> dict[str, Any]:
    """The documented payment without its card, and without its order: that is for the test to choose."""
    left_out = {"order_id", *CARD_FIELDS}
    fields = {name: value for name, value in document.payment().items() if name not in left_out}
    return fields | {"payment_method": "hosted"}


@pytest.fixture
def clerk(shop: Shop, overdue: Any, follow_up: Any) -> Clerk:
    return Clerk(shop, overdue, follow_up)


def begun(shop: Shop, hosted: dict[str, Any], order: str) -> dict[str, Any]:
    """A payment whose shopper is to be sent to the gateway's page."""
    answer = shop.charge(hosted | {"order_id": order}, order)
    assert (answer.status, answer.json["status"]) == (201, "requires_action"), answer.body
    payment: dict[str, Any] = answer.json
    return payment


def test_the_shopper_is_sent_to_the_gateways_page_and_no_card_with_him(
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


def test_a_repeat_finds_the_same_page_and_the_other_method_is_another_request(
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
def test_what_becomes_of_the_card_is_told_by_the_webhook(
    shop: Shop,
    gateway: Control,
    bus: Subscriber,
    clerk: Clerk,
    hosted: dict[str, Any],
    card: str,
    status: str,
    failure: str | None,
) -> None:
    order = f"hosted-{status}"
    payment = begun(shop, hosted, order)
    shown = enter(payment["next_action"]["url"], card)
    assert (shown.status, shown.to) == (303, hosted["redirect_url"])

    settled = clerk.wait(payment["id"], status)

    assert (settled["failure"] or {}).get("code") == failure
    assert (settled["next_action"], settled["card"]) == (None, None)
    assert gateway.wait(order, delivered=1)
    assert gateway.book()["posts"][order] == 1
    assert_told_without_a_gap(bus, settled)
    assert told(bus, payment["id"]) == ["processing", "requires_action", status]
    assert bus.of(payment["id"])[-1]["detail"]["metadata"]["source"] == "status", "the webhook was confirmed"


def test_a_card_that_is_challenged_goes_through_3_d_secure_as_well(
    shop: Shop, gateway: Control, bus: Subscriber, clerk: Clerk, hosted: dict[str, Any]
) -> None:
    order = "hosted-challenged"
    payment = begun(shop, hosted, order)
    challenge = enter(payment["next_action"]["url"], CHALLENGED).to
    assert challenge is not None
    assert clerk.read(payment["id"])["status"] == "requires_action"
    assert press(challenge, "approve").to == hosted["redirect_url"]
    assert_told_without_a_gap(bus, clerk.wait(payment["id"], "succeeded"))
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
    clerk: Clerk,
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
    clerk.wait(payment["id"], "succeeded")
    assert_charged_once(gateway, order)


def test_a_shopper_who_leaves_the_page_has_paid_nothing_and_may_come_again(
    shop: Shop, gateway: Control, bus: Subscriber, clerk: Clerk, hosted: dict[str, Any], payment: dict[str, Any]
) -> None:
    order = "hosted-left"
    first = begun(shop, hosted, order)
    assert press(first["next_action"]["url"], "abandon").to == hosted["redirect_url"]
    settled = clerk.follow_up(first["id"], "abandoned")
    assert_told_without_a_gap(bus, settled)
    by_card = shop.charge(payment | {"order_id": order, "card_number": APPROVED}, f"{order}-by-card")
    assert (by_card.status, by_card.json["status"]) == (201, "succeeded")


def test_a_lost_webhook_is_made_up_for_by_asking(
    shop: Shop, gateway: Control, bus: Subscriber, clerk: Clerk, hosted: dict[str, Any]
) -> None:
    order = "hosted-webhook-lost"
    gateway.script("redirect", call="hosted", order_id=order, webhook="lost")
    payment = begun(shop, hosted, order)
    enter(payment["next_action"]["url"], APPROVED)
    assert_told_without_a_gap(bus, clerk.follow_up(payment["id"], "succeeded"))
    assert gateway.deliveries(order) == []


def test_a_page_whose_address_was_lost_is_asked_for_and_never_opened_twice(
    shop: Shop, gateway: Control, bus: Subscriber, clerk: Clerk, hosted: dict[str, Any]
) -> None:
    order = "hosted-in-doubt"
    gateway.script("charged-then-500", call="hosted", order_id=order, outcome="redirect")
    first = shop.charge(hosted | {"order_id": order}, order)
    assert (first.status, first.json["status"], first.json["next_action"]) == (202, "processing", None)

    found = clerk.follow_up(first.json["id"], "requires_action")

    assert enter(found["next_action"]["url"], APPROVED).to == hosted["redirect_url"]
    assert_told_without_a_gap(bus, clerk.wait(first.json["id"], "succeeded"))
    assert_charged_once(gateway, order)


def test_it_is_given_back_like_any_other(
    shop: Shop, gateway: Control, bus: Subscriber, clerk: Clerk, hosted: dict[str, Any]
) -> None:
    order = "hosted-refunded"
    payment = begun(shop, hosted, order)
    enter(payment["next_action"]["url"], APPROVED)
    clerk.wait(payment["id"], "succeeded")
    answer = refund(shop, payment["id"], order)
    assert (answer.status, answer.json["refund"]["status"]) == (201, "refunded")
    assert_sent_back_once(gateway, order)
    clerk.hurry(payment["id"])
    assert_told_without_a_gap(bus, answer.json)
    events = ["processing", "requires_action", "succeeded", "refund_requested", "refunded"]
    assert told(bus, payment["id"]) == events


def test_a_card_with_it_is_refused_field_by_field_and_nothing_is_sent(
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
    assert "Item" not in table.get_item(Key={"pk": f"order#{order}"}, ConsistentRead=True)


@pytest.mark.parametrize("name", CARD_FIELDS)
def test_one_field_of_a_card_is_one_too_many(shop: Shop, hosted: dict[str, Any], name: str) -> None:
    answer = shop.charge(hosted | {name: document.payment()[name]}, f"hosted-with-{name}")
    assert (answer.status, [error["field"] for error in answer.json["errors"]]) == (422, [name])


def test_no_other_method_is_taken(shop: Shop, hosted: dict[str, Any]) -> None:
    answer = shop.charge(hosted | {"payment_method": "cash-31337733"}, "hosted-cash")
    assert answer.status == 422
    assert ("payment_method", "not_supported") in {(e["field"], e["code"]) for e in answer.json["errors"]}
    assert "31337733" not in answer.body.decode()


def test_what_was_typed_at_the_page_is_nowhere_in_what_we_tell(
    shop: Shop, bus: Subscriber, clerk: Clerk, table: Any, hosted: dict[str, Any]
) -> None:
    payment = begun(shop, hosted, "hosted-silent")
    enter(payment["next_action"]["url"], APPROVED)
    clerk.wait(payment["id"], "succeeded")
    clerk.hurry(payment["id"])
    item = table.get_item(Key={"pk": payment["id"]}, ConsistentRead=True)["Item"]
    kept = [item, shop.get(f"/charges/{payment['id']}").json, shop.get(f"/charges/{payment['id']}/events").json]
    text = json.dumps([*kept, bus.of(payment["id"])], default=str)
    for value in (APPROVED, f'"{CVV}"'):
        assert value not in text
    assert "card" not in item
