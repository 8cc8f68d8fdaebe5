"""Reading a charge request: the Idempotency-Key header, the body, and card numbers in the wrong field."""

import base64
from typing import Any

import pytest

from charge.request import idempotency_key
from tests.charge.charge_api import ChargeApi, problem
from tests.recorded_events import recorded

CARD = "4111111111111111"
PAYMENT_ID = recorded("charge-get")["pathParameters"]["id"]


class TestIdempotencyKey:
    @pytest.mark.parametrize("name", ["idempotency-key", "IDEMPOTENCY-KEY", "Idempotency-key"])
    def test_the_headers_name_is_case_insensitive(self, api: ChargeApi, name: str) -> None:
        event = recorded("charge-create")
        event["headers"] = {"Content-Type": "application/json", name: event["headers"]["Idempotency-Key"]}
        assert api.send(event).json["id"] == PAYMENT_ID

    @pytest.mark.parametrize("headers", [None, {}, {"Idempotency-Key": None}, {"X-Idempotency-Key": "k"}])
    def test_a_missing_key_is_400(self, api: ChargeApi, headers: dict[str, Any] | None) -> None:
        event = recorded("charge-create", headers=headers)
        assert problem(api.send(event)) == (400, "idempotency_key_missing", "never")

    @pytest.mark.parametrize("key", ["", " ", "a b", "a\tb", "a\n", "\u00fc", "k" * 256, "\x7f"])
    def test_an_invalid_key_is_400(self, api: ChargeApi, key: str) -> None:
        assert problem(api.charge(key)) == (400, "idempotency_key_invalid", "never")

    @pytest.mark.parametrize(
        "key",
        ['"', '""', '"a', 'a"', 'a"b', '"a"b"', '"a b"', '"a";p=1', r'"a\"', r'"a\b"', '"\xfc"', f'"{"k" * 256}"'],
    )
    def test_a_malformed_quoted_key_is_400(self, api: ChargeApi, key: str) -> None:
        assert problem(api.charge(key)) == (400, "idempotency_key_invalid", "never")
        assert api.gateway.submissions == []

    @pytest.mark.parametrize(
        ("bare", "quoted"),
        [("order-1", '"order-1"'), ("a\\b", r'"a\\b"'), ("k" * 255, f'"{"k" * 255}"'), ("a;b=1", '"a;b=1"')],
    )
    def test_the_bare_and_the_quoted_form_are_one_key(self, api: ChargeApi, bare: str, quoted: str) -> None:
        first = api.charge(bare)
        again = api.charge(quoted)
        assert (first.status, again.json["id"]) == (201, first.json["id"])
        assert again.headers["Idempotency-Replayed"] == "true"
        assert len(api.gateway.submissions) == 1

    def test_escapes_belong_to_the_form_and_not_to_the_key(self) -> None:
        assert idempotency_key({"idempotency-key": r'"a\"b\\c"'}) == r'a"b\c'

    def test_the_quoted_form_of_a_refund_s_key_is_the_same_key(self, api: ChargeApi) -> None:
        api.paid_payment()
        assert api.refund("back-1").status == 201
        again = api.refund('"back-1"')
        assert (again.status, again.headers["Idempotency-Replayed"]) == (201, "true")
        assert len(api.gateway.refund_posts) == 1

    def test_of_two_keys_the_last_one_counts_as_in_api_gateway(self, api: ChargeApi) -> None:
        event = recorded("charge-create")
        event["multiValueHeaders"]["Idempotency-Key"] = ["first", event["headers"]["Idempotency-Key"]]
        assert api.send(event).json["id"] == PAYMENT_ID


class TestContentType:
    @pytest.mark.parametrize(
        "declared",
        [
            *(
                "application/json",
                "APPLICATION/JSON",
                "application/json; charset=utf-8",
                "application/json;charset=UTF-8",
            ),
            *(
                "application/json ; x",
                "application/vnd.shop.v2+json",
                "application/merge-patch+JSON; q=1",
                " application/json",
            ),
        ],
    )
    def test_json_is_read_however_it_is_declared(self, api: ChargeApi, declared: str) -> None:
        event = recorded("charge-create")
        event["headers"]["Content-Type"] = declared
        assert api.send(event).status == 201

    @pytest.mark.parametrize("name", ["charge-create", "charge-hosted", "charge-refund"])
    @pytest.mark.parametrize(
        "declared",
        [
            *(None, "", "application/x-www-form-urlencoded", "text/plain", "text/json", "application/jsonp", "json"),
            *(
                "application/json, text/plain",
                "multipart/form-data; boundary=application/json",
                "+json",
                "application/+json",
            ),
        ],
    )
    def test_a_body_that_is_not_declared_as_json_is_415(self, api: ChargeApi, name: str, declared: str | None) -> None:
        event = recorded(name)
        event["headers"]["Content-Type"] = declared
        assert problem(api.send(event)) == (415, "not_json_content_type", "never")
        del event["headers"]["Content-Type"]
        assert problem(api.send(event)) == (415, "not_json_content_type", "never")
        assert api.ledger.payments() == []


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
