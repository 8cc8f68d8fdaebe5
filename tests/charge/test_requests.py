"""Reading a charge request: the Idempotency-Key header, the body, and card numbers in the wrong field."""

import base64
from typing import Any

import pytest

from tests.charge.charge_api import ChargeApi, problem
from tests.recorded_events import recorded

CARD = "4111111111111111"
PAYMENT_ID = recorded("charge-get")["pathParameters"]["id"]


class TestIdempotencyKey:
    @pytest.mark.parametrize("name", ["idempotency-key", "IDEMPOTENCY-KEY", "Idempotency-key"])
    def test_the_headers_name_is_case_insensitive(self, api: ChargeApi, name: str) -> None:
        event = recorded("charge-create")
        event["headers"] = {name: event["headers"]["Idempotency-Key"]}
        assert api.send(event).json["id"] == PAYMENT_ID

    @pytest.mark.parametrize("headers", [None, {}, {"Idempotency-Key": None}, {"X-Idempotency-Key": "k"}])
    def test_a_missing_key_is_400(self, api: ChargeApi, headers: dict[str, Any] | None) -> None:
        event = recorded("charge-create", headers=headers)
        assert problem(api.send(event)) == (400, "idempotency_key_missing", "never")

    @pytest.mark.parametrize("key", ["", " ", "a b", "a\tb", "a\n", "\u00fc", "k" * 256, "\x7f"])
    def test_an_invalid_key_is_400(self, api: ChargeApi, key: str) -> None:
        assert problem(api.charge(key)) == (400, "idempotency_key_invalid", "never")

    def test_of_two_keys_the_last_one_counts_as_in_api_gateway(self, api: ChargeApi) -> None:
        event = recorded("charge-create")
        event["multiValueHeaders"]["Idempotency-Key"] = ["first", event["headers"]["Idempotency-Key"]]
        assert api.send(event).json["id"] == PAYMENT_ID


class TestBody:
    @pytest.mark.parametrize("body", [None, "", "{", "\ud800", b"\xff\xfe".decode("latin-1"), "nul", "[" * 30_000])
    def test_a_body_that_is_not_json_is_400(self, api: ChargeApi, body: str | None) -> None:
        assert problem(api.send(recorded("charge-create", body=body))) == (400, "not_json", "never")

    @pytest.mark.parametrize("raw", [b"\xff\xfe{}", b"{", "{}".encode("utf-16"), b""])
    def test_a_binary_body_that_is_not_json_is_400(self, api: ChargeApi, raw: bytes) -> None:
        event = recorded("charge-create-base64", body=base64.b64encode(raw).decode())
        assert problem(api.send(event)) == (400, "not_json", "never")

    @pytest.mark.parametrize("text", ["=", "no base64!", "e30", "\u00e9\u00e9\u00e9\u00e9"])
    def test_broken_base64_is_400(self, api: ChargeApi, text: str) -> None:
        assert problem(api.send(recorded("charge-create-base64", body=text))) == (400, "not_json", "never")

    @pytest.mark.parametrize("size", [65_537, 131_073, 6_000_000])
    def test_a_body_above_64_kib_is_413(self, api: ChargeApi, size: int) -> None:
        assert problem(api.send(recorded("charge-create", body=" " * size))) == (413, "too_large", "never")
        encoded = base64.b64encode(b" " * size).decode()
        assert problem(api.send(recorded("charge-create-base64", body=encoded))) == (413, "too_large", "never")

    def test_a_body_of_exactly_64_kib_is_read(self, api: ChargeApi) -> None:
        body = recorded("charge-create")["body"].ljust(65_536)
        assert api.send(recorded("charge-create", body=body)).status == 201


@pytest.mark.parametrize("order_id", [CARD, "4111-1111-1111-1111", f"order.{CARD}_2"])
def test_an_order_id_may_not_contain_the_card_number(api: ChargeApi, order_id: str) -> None:
    response = api.charge("smuggled", order_id=order_id, card_number=CARD)
    assert (response.status, response.json["errors"]) == (
        422,
        [{"field": "order_id", "code": "holds_card_number", "message": "may not hold a card's number"}],
    )
    assert CARD not in response.text
    assert api.ledger.payments() == []
