"""`payment_method: hosted`: the same payment without a card; a request with card fields is refused."""

import json
from typing import Any

import pytest

from payments.ports.gateway import NoAnswer, NotSent
from tests.charge.charge_api import RESOURCE, VERDICTS, ChargeApi, Response, problem
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


def fields(response: Response) -> list[tuple[str, str]]:
    assert problem(response) == (422, "invalid_request", "never")
    return [(each["field"], each["code"]) for each in response.json["errors"]]


class TestHostedPayment:
    def test_a_hosted_payment_is_the_same_resource_without_a_card(self, api: ChargeApi) -> None:
        response = api.send(recorded("charge-hosted"))

        assert (response.status, response.json["status"], response.json["card"]) == (201, "requires_action", None)
        assert response.json.keys() == RESOURCE
        assert response.json["next_action"] == {"type": "redirect", "url": "https://bank.example/3ds"}
        assert response.headers["Location"] == f"/v1/charges/{response.json['id']}"

    def test_the_gateway_gets_the_same_fields_without_a_card(self, api: ChargeApi) -> None:
        api.charge_hosted()
        api.charge()
        hosted, charged = api.gateway.submissions

        assert hosted.card is None
        assert charged.card is not None
        assert (hosted.shopper, hosted.money, hosted.redirect_url) == (
            charged.shopper,
            charged.money,
            charged.redirect_url,
        )
        assert hosted.order_id == ORDER_ID
        assert "/webhooks/pay-agency/pay_" in hosted.webhook_url

    @pytest.mark.parametrize(("raw_status", "status"), VERDICTS)
    def test_a_hosted_payment_has_any_payments_statuses(self, api: ChargeApi, raw_status: str, status: str) -> None:
        api.gateway.script_charges(Answers(raw_status))
        response = api.charge_hosted()
        assert (response.status, response.json["status"], response.json["card"]) == (201, status, None)

    @pytest.mark.parametrize(("raw_status", "status"), [("SUCCESS", "succeeded"), ("ABANDONED", "abandoned")])
    def test_a_hosted_payment_follows_the_shopper(self, api: ChargeApi, raw_status: str, status: str) -> None:
        made = api.charge_hosted()
        api.gateway.charges[0].raw_status = raw_status
        api.follow_up(seconds=61)
        response = api.send(recorded("charge-get", pathParameters={"id": made.json["id"]}))

        assert (response.json["status"], response.json["next_action"]) == (status, None)
        entries = api.send(recorded("charge-timeline", pathParameters={"id": made.json["id"]})).json["data"]
        assert [entry["type"] for entry in entries] == [
            "payment.processing",
            "payment.requires_action",
            f"payment.{status}",
        ]

    def test_an_unknown_outcome_is_202_and_never_sent_again(self, api: ChargeApi) -> None:
        api.gateway.script_charges(Fails(NoAnswer("reset"), raw_status="REDIRECT"))
        api.gateway.status_names_page = True
        response = [api.charge_hosted() for _ in range(3)]

        assert [(each.status, each.json["status"]) for each in response] == [(202, "processing")] * 3
        assert len(api.gateway.submissions) == 1
        api.follow_up(seconds=11)
        assert api.charge_hosted().json["next_action"]["url"] == "https://bank.example/3ds"

    def test_a_charge_that_was_not_sent_may_be_retried_with_the_same_key(self, api: ChargeApi) -> None:
        api.gateway.script_charges(Fails(NotSent("no route")))
        assert problem(api.charge_hosted()) == (503, "gateway_unreachable", "same-key")
        assert api.charge_hosted().status == 201

    def test_a_hosted_payment_can_be_refunded(self, api: ChargeApi) -> None:
        api.gateway.script_charges(Answers("SUCCESS"))
        made = api.charge_hosted()
        response = api.send(recorded("charge-refund", pathParameters={"id": made.json["id"]}))
        assert (response.status, response.json["refund"]["status"], response.json["card"]) == (201, "refunded", None)


class TestCardFields:
    @pytest.mark.parametrize("name", CARD)
    def test_a_card_field_is_refused_by_name_and_not_echoed(self, api: ChargeApi, name: str) -> None:
        response = api.charge_hosted(**{name: CARD[name]})

        assert fields(response) == [(name, "unknown_field")]
        assert CARD["card_number"] not in response.text
        assert (api.gateway.submissions, api.ledger.payments()) == ([], [])

    def test_all_card_fields_are_refused_at_once(self, api: ChargeApi) -> None:
        response = api.charge_hosted(**CARD)

        assert fields(response) == [(name, "unknown_field") for name in CARD]
        for text in (response.text, api.console.read(), api.ledger.dump()):
            assert CARD["card_number"] not in text

    @pytest.mark.parametrize("value", [None, "", 0])
    def test_an_empty_card_field_is_refused(self, api: ChargeApi, value: Any) -> None:
        event = recorded("charge-hosted")
        event["body"] = json.dumps(json.loads(event["body"]) | {"card_number": value})
        assert fields(api.send(event)) == [("card_number", "unknown_field")]

    def test_card_fields_are_required_without_the_hosted_method(self, api: ChargeApi) -> None:
        assert fields(api.charge_hosted(payment_method=None)) == [(name, "missing") for name in CARD]


class TestPaymentMethod:
    @pytest.mark.parametrize("method", ["Hosted", "HOSTED", "hosted ", "", "apm", "card/hosted", 1, True, ["hosted"]])
    def test_an_unknown_method_is_refused(self, api: ChargeApi, method: Any) -> None:
        response = api.charge(payment_method=method)
        assert fields(response) == [("payment_method", "not_supported")]
        assert response.json["errors"][0]["message"] == "must be `card` or `hosted`"
        assert api.gateway.submissions == []

    def test_the_card_method_may_be_named(self, api: ChargeApi) -> None:
        first, again = api.charge(), api.charge(payment_method="card")
        assert (again.status, again.headers["Idempotency-Replayed"]) == (201, "true")
        assert again.json == first.json

    @pytest.mark.parametrize("name", ["first_name", "email", "ip_address", "amount", "redirect_url"])
    def test_the_other_fields_are_required(self, api: ChargeApi, name: str) -> None:
        assert fields(api.charge_hosted(**{name: None})) == [(name, "missing")]

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
    def test_each_field_keeps_its_rule(self, api: ChargeApi, name: str, value: Any, code: str) -> None:
        assert fields(api.charge_hosted(**{name: value})) == [(name, code)]


class TestIdempotencyKey:
    def test_a_retry_gets_the_current_payment(self, api: ChargeApi) -> None:
        first = api.charge_hosted()
        api.gateway.charges[0].raw_status = "SUCCESS"
        api.follow_up(seconds=61)
        again = api.charge_hosted()

        assert (again.status, again.json["id"], again.json["status"]) == (201, first.json["id"], "succeeded")
        assert again.headers["Idempotency-Replayed"] == "true"
        assert len(api.gateway.submissions) == 1

    def test_a_card_payments_key_is_refused_for_a_hosted_payment(self, api: ChargeApi) -> None:
        api.charge(KEY, order_id=ORDER_ID)
        assert problem(api.charge_hosted()) == (422, "idempotency_key_reused", "never")
        assert len(api.gateway.submissions) == 1

    def test_a_hosted_payments_key_is_refused_for_a_card_payment(self, api: ChargeApi) -> None:
        api.charge_hosted()
        assert problem(api.charge(KEY, order_id=ORDER_ID)) == (422, "idempotency_key_reused", "never")
        assert len(api.gateway.submissions) == 1

    @pytest.mark.parametrize("change", [{"amount": 101}, {"email": "other@example.com"}, {"terminal_id": "T1"}])
    def test_a_key_is_refused_for_a_changed_request(self, api: ChargeApi, change: dict[str, Any]) -> None:
        api.charge_hosted()
        assert problem(api.charge_hosted(**change)) == (422, "idempotency_key_reused", "never")


class TestOrder:
    def test_an_order_in_flight_as_hosted_accepts_no_card_payment(self, api: ChargeApi) -> None:
        made = api.charge_hosted()
        response = api.charge(order_id=ORDER_ID)
        assert problem(response) == (409, "order_payment_in_progress", "after")
        assert response.json["payment_id"] == made.json["id"]

    def test_an_order_in_flight_with_a_card_accepts_no_hosted_payment(self, api: ChargeApi) -> None:
        api.charge(order_id=ORDER_ID)
        assert problem(api.charge_hosted()) == (409, "order_payment_in_progress", "after")
        assert len(api.gateway.submissions) == 1

    @pytest.mark.parametrize("hosted_first", [True, False])
    def test_a_paid_order_accepts_no_payment_of_either_method(self, api: ChargeApi, *, hosted_first: bool) -> None:
        api.gateway.script_charges(Answers("SUCCESS"))
        first, second = (api.charge_hosted, api.charge) if hosted_first else (api.charge, api.charge_hosted)
        assert first(order_id=ORDER_ID).json["status"] == "succeeded"
        assert problem(second(order_id=ORDER_ID)) == (409, "order_already_paid", "never")

    def test_an_order_abandoned_as_hosted_accepts_a_card_with_a_suffix(self, api: ChargeApi) -> None:
        api.gateway.script_charges(Answers("ABANDONED"), Answers("SUCCESS"))
        first, second = api.charge_hosted(), api.charge(order_id=ORDER_ID)

        assert (first.json["status"], second.json["status"]) == ("abandoned", "succeeded")
        assert [sent.order_id for sent in api.gateway.submissions] == [ORDER_ID, f"{ORDER_ID}~2"]
        listed = api.send(recorded("charge-attempts", queryStringParameters={"order_id": ORDER_ID})).json["data"]
        assert [payment["card"] is None for payment in listed] == [True, False]

    def test_a_declined_order_accepts_a_hosted_payment_with_a_suffix(self, api: ChargeApi) -> None:
        api.gateway.script_charges(Answers("FAILED"))
        api.charge(order_id=ORDER_ID)
        assert api.charge_hosted().status == 201
        assert [sent.order_id for sent in api.gateway.submissions] == [ORDER_ID, f"{ORDER_ID}~2"]
