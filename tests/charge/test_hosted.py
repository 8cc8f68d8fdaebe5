"""`payment_method: hosted`: the same payment in everything but the card, which no shop may send along."""

import json
from typing import Any

import pytest

from payments.ports.gateway import NoAnswer, NotSent
from tests.charge.charge_api import RESOURCE, Counter, Told, problem
from tests.fakes.gateway import Answers, Fails
from tests.recorded_events import recorded

CARD = {
    "card_number": "4242424242424242",
    "card_expiry_month": "12",
    "card_expiry_year": "2031",
    "card_cvv": "907",
}
KEY = recorded("charge-hosted")["headers"]["Idempotency-Key"]
ORDER_ID = json.loads(recorded("charge-hosted")["body"])["order_id"]


def fields(told: Told) -> list[tuple[str, str]]:
    assert problem(told) == (422, "invalid_request", "never")
    return [(each["field"], each["code"]) for each in told.json["errors"]]


class TestAHostedPayment:
    def test_is_the_same_resource_without_a_card(self, counter: Counter) -> None:
        told = counter.takes(recorded("charge-hosted"))

        assert (told.status, told.json["status"], told.json["card"]) == (201, "requires_action", None)
        assert told.json.keys() == RESOURCE
        assert told.json["next_action"] == {"type": "redirect", "url": "https://bank.example/3ds"}
        assert told.headers["Location"] == f"/v1/charges/{told.json['id']}"

    def test_tells_the_gateway_all_but_a_card(self, counter: Counter) -> None:
        counter.hosts()
        counter.charges()
        hosted, charged = counter.gateway.submissions

        assert hosted.card is None
        assert charged.card is not None
        assert (hosted.shopper, hosted.money, hosted.redirect_url) == (
            charged.shopper,
            charged.money,
            charged.redirect_url,
        )
        assert hosted.order_id == ORDER_ID
        assert "/webhooks/pay-agency/pay_" in hosted.webhook_url

    @pytest.mark.parametrize(
        ("said", "status"),
        [
            ("SUCCESS", "succeeded"),
            ("FAILED", "failed"),
            ("BLOCKED", "blocked"),
            ("ABANDONED", "abandoned"),
            ("REDIRECT", "requires_action"),
            ("PENDING", "pending"),
        ],
    )
    def test_has_the_states_of_any_payment(self, counter: Counter, said: str, status: str) -> None:
        counter.gateway.will(Answers(said))
        told = counter.hosts()
        assert (told.status, told.json["status"], told.json["card"]) == (201, status, None)

    @pytest.mark.parametrize(("said", "status"), [("SUCCESS", "succeeded"), ("ABANDONED", "abandoned")])
    def test_goes_on_as_the_shopper_does(self, counter: Counter, said: str, status: str) -> None:
        made = counter.hosts()
        counter.gateway.book[0].raw_status = said
        counter.follow_up(seconds=61)
        told = counter.takes(recorded("charge-get", pathParameters={"id": made.json["id"]}))

        assert (told.json["status"], told.json["next_action"]) == (status, None)
        entries = counter.takes(recorded("charge-timeline", pathParameters={"id": made.json["id"]})).json["data"]
        assert [entry["type"] for entry in entries] == [
            "payment.processing",
            "payment.requires_action",
            f"payment.{status}",
        ]

    def test_in_doubt_is_202_and_never_sent_again(self, counter: Counter) -> None:
        counter.gateway.will(Fails(NoAnswer("reset"), booked="REDIRECT"))
        told = [counter.hosts() for _ in range(3)]

        assert [(each.status, each.json["status"]) for each in told] == [(202, "processing")] * 3
        assert len(counter.gateway.submissions) == 1
        counter.follow_up(seconds=11)
        assert counter.hosts().json["next_action"]["url"] == "https://bank.example/3ds"

    def test_that_was_not_sent_may_be_sent_under_the_same_key(self, counter: Counter) -> None:
        counter.gateway.will(Fails(NotSent("no route")))
        assert problem(counter.hosts()) == (503, "gateway_unreachable", "same-key")
        assert counter.hosts().status == 201

    def test_can_be_refunded(self, counter: Counter) -> None:
        counter.gateway.will(Answers("SUCCESS"))
        made = counter.hosts()
        told = counter.takes(recorded("charge-refund", pathParameters={"id": made.json["id"]}))
        assert (told.status, told.json["refund"]["status"], told.json["card"]) == (201, "refunded", None)


class TestCardFields:
    @pytest.mark.parametrize("name", CARD)
    def test_are_refused_by_name_and_not_echoed(self, counter: Counter, name: str) -> None:
        told = counter.hosts(**{name: CARD[name]})

        assert fields(told) == [(name, "unknown_field")]
        assert CARD["card_number"] not in told.text
        assert (counter.gateway.submissions, counter.ledger.payments()) == ([], [])

    def test_are_all_refused_at_once(self, counter: Counter) -> None:
        told = counter.hosts(**CARD)

        assert fields(told) == [(name, "unknown_field") for name in CARD]
        for text in (told.text, counter.console.read(), counter.ledger.dump()):
            assert CARD["card_number"] not in text

    @pytest.mark.parametrize("value", [None, "", 0])
    def test_are_refused_when_they_are_empty_as_well(self, counter: Counter, value: Any) -> None:
        event = recorded("charge-hosted")
        event["body"] = json.dumps(json.loads(event["body"]) | {"card_number": value})
        assert fields(counter.takes(event)) == [("card_number", "unknown_field")]

    def test_are_missed_where_no_method_says_hosted(self, counter: Counter) -> None:
        assert fields(counter.hosts(payment_method=None)) == [(name, "missing") for name in CARD]


class TestTheMethod:
    @pytest.mark.parametrize("method", ["Hosted", "HOSTED", "hosted ", "", "apm", "card/hosted", 1, True, ["hosted"]])
    def test_that_nobody_knows_is_refused(self, counter: Counter, method: Any) -> None:
        told = counter.charges(payment_method=method)
        assert fields(told) == [("payment_method", "not_supported")]
        assert told.json["errors"][0]["message"] == "must be `card` or `hosted`"
        assert counter.gateway.submissions == []

    def test_may_be_said_where_it_is_a_card(self, counter: Counter) -> None:
        first, again = counter.charges(), counter.charges(payment_method="card")
        assert (again.status, again.headers["Idempotency-Replayed"]) == (201, "true")
        assert again.json == first.json

    @pytest.mark.parametrize("name", ["first_name", "email", "ip_address", "amount", "redirect_url"])
    def test_leaves_the_other_fields_required(self, counter: Counter, name: str) -> None:
        assert fields(counter.hosts(**{name: None})) == [(name, "missing")]

    @pytest.mark.parametrize(
        ("name", "value", "code"),
        [
            ("amount", 0, "not_positive"),
            ("amount", 1_000_001, "amount_too_large"),
            ("currency", "gbp", "currency"),
            ("redirect_url", "http://shop.example", "redirect_url_not_https"),
            ("webhook_url", "https://shop.example", "not_allowed"),
            ("order_id", "pay_1", "order_id"),
            ("surprise", "x", "unknown_field"),
        ],
    )
    def test_keeps_the_rule_of_each_field(self, counter: Counter, name: str, value: Any, code: str) -> None:
        assert fields(counter.hosts(**{name: value})) == [(name, code)]


class TestTheKey:
    def test_gets_the_payment_as_it_is_now(self, counter: Counter) -> None:
        first = counter.hosts()
        counter.gateway.book[0].raw_status = "SUCCESS"
        counter.follow_up(seconds=61)
        again = counter.hosts()

        assert (again.status, again.json["id"], again.json["status"]) == (201, first.json["id"], "succeeded")
        assert again.headers["Idempotency-Replayed"] == "true"
        assert len(counter.gateway.submissions) == 1

    def test_of_a_card_payment_is_no_hosted_ones(self, counter: Counter) -> None:
        counter.charges(KEY, order_id=ORDER_ID)
        assert problem(counter.hosts()) == (422, "idempotency_key_reused", "never")
        assert len(counter.gateway.submissions) == 1

    def test_of_a_hosted_payment_is_no_card_ones(self, counter: Counter) -> None:
        counter.hosts()
        assert problem(counter.charges(KEY, order_id=ORDER_ID)) == (422, "idempotency_key_reused", "never")
        assert len(counter.gateway.submissions) == 1

    @pytest.mark.parametrize("change", [{"amount": 101}, {"email": "other@example.com"}, {"terminal_id": "T1"}])
    def test_is_used_up_by_the_very_request(self, counter: Counter, change: dict[str, Any]) -> None:
        counter.hosts()
        assert problem(counter.hosts(**change)) == (422, "idempotency_key_reused", "never")


class TestTheOrder:
    def test_in_flight_at_the_page_takes_no_card_payment(self, counter: Counter) -> None:
        made = counter.hosts()
        told = counter.charges(order_id=ORDER_ID)
        assert problem(told) == (409, "order_payment_in_progress", "after")
        assert told.json["payment_id"] == made.json["id"]

    def test_in_flight_with_a_card_takes_no_hosted_payment(self, counter: Counter) -> None:
        counter.charges(order_id=ORDER_ID)
        assert problem(counter.hosts()) == (409, "order_payment_in_progress", "after")
        assert len(counter.gateway.submissions) == 1

    @pytest.mark.parametrize("hosted_first", [True, False])
    def test_paid_takes_no_other_of_either_kind(self, counter: Counter, *, hosted_first: bool) -> None:
        counter.gateway.will(Answers("SUCCESS"))
        first, second = (counter.hosts, counter.charges) if hosted_first else (counter.charges, counter.hosts)
        assert first(order_id=ORDER_ID).json["status"] == "succeeded"
        assert problem(second(order_id=ORDER_ID)) == (409, "order_already_paid", "never")

    def test_that_was_abandoned_at_the_page_takes_a_card_under_a_suffix(self, counter: Counter) -> None:
        counter.gateway.will(Answers("ABANDONED"), Answers("SUCCESS"))
        first, second = counter.hosts(), counter.charges(order_id=ORDER_ID)

        assert (first.json["status"], second.json["status"]) == ("abandoned", "succeeded")
        assert [sent.order_id for sent in counter.gateway.submissions] == [ORDER_ID, f"{ORDER_ID}~2"]
        listed = counter.takes(recorded("charge-attempts", queryStringParameters={"order_id": ORDER_ID})).json["data"]
        assert [payment["card"] is None for payment in listed] == [True, False]

    def test_that_was_declined_takes_the_page_under_a_suffix(self, counter: Counter) -> None:
        counter.gateway.will(Answers("FAILED"))
        counter.charges(order_id=ORDER_ID)
        assert counter.hosts().status == 201
        assert [sent.order_id for sent in counter.gateway.submissions] == [ORDER_ID, f"{ORDER_ID}~2"]
