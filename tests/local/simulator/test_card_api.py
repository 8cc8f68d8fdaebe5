"""The card endpoint: authentication, validation and answers."""

import json
import logging
from dataclasses import replace
from typing import Any

import pytest

from local.simulator import Credentials, running
from local.simulator.cards import CARDS
from local.simulator.control_client import Control
from tests.local.simulator.merchant import PAYMENT, Merchant

UNIFORM = ("first_name", "last_name", "email", "address", "country", "city", "state", "zip", "ip_address",
           "phone_number", "currency", "card_number", "card_expiry_month", "card_expiry_year", "card_cvv",
           "redirect_url")  # fmt: skip


def test_the_documented_payment_gets_the_documented_answer(merchant: Merchant) -> None:
    answer = merchant.pay(leave_out=("order_id",))
    transaction_id = answer.json["data"]["transaction_id"]
    assert answer.code == 200
    assert answer.json == {
        "status": "REDIRECT",
        "message": "Please redirect user to complete the payment.",
        "redirect_url": f"{merchant.simulator.url}/api/v1/test/card/checkout/{transaction_id}",
        "data": {
            "amount": 100,
            "currency": "GBP",
            "order_id": None,
            "transaction_id": transaction_id,
            "customer": {"first_name": "James", "last_name": "Dean", "email": "james@gmail.com"},
            "refund": {"status": False, "refund_date": None},
            "chargeback": {"status": False, "chargeback_date": None},
        },
    }
    assert transaction_id[:2] == "PA"
    assert len(transaction_id) == 18
    assert transaction_id[2:].isdigit()


def test_the_order_id_is_echoed(merchant: Merchant) -> None:
    assert merchant.pay(order_id="order~2").json["data"]["order_id"] == "order~2"


@pytest.mark.parametrize("amount", ["100", "100.50", "0.001", "99999999999999999999.99"])
def test_the_amount_is_echoed_to_the_last_digit(merchant: Merchant, amount: str) -> None:
    text = json.dumps(PAYMENT).replace('"amount": 100', f'"amount": {amount}')
    assert f'"amount":{amount},'.encode() in merchant.send(text.encode()).raw
    assert f'"amount":"{amount}",'.encode() in merchant.status("12524AGSDF34DS").raw


def test_an_unsupported_card_is_declined_with_the_documented_message(merchant: Merchant) -> None:
    answer = merchant.pay(card_number="4917610000000000").json
    assert (answer["status"], answer["message"]) == ("FAILED", "The Card is not supported for testing.")


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({}, "Authentication token is missing."),
        ({"Authorization": "Basic abc"}, "Authentication token is missing."),
        ({"Authorization": "Bearer "}, "Authentication token is missing."),
        ({"Authorization": "Bearer PA_TEST_nonsense"}, "Invalid Secret Key."),
        ({"Authorization": "Bearer \xe9"}, "Invalid Secret Key."),
    ],
)
def test_every_endpoint_refuses_a_request_without_the_right_key(
    merchant: Merchant, control: Control, headers: dict[str, str], message: str
) -> None:
    for method, path in (
        ("POST", "/api/v1/test/card"),
        ("POST", "/api/v1/test/hosted/card"),
        ("POST", "/api/v1/test/refund"),
        ("GET", "/api/test/status/order"),
        ("GET", "/api/v1/test-transactions"),
    ):
        answer = merchant.call(method, path, b"{}" if method == "POST" else None, headers)
        assert (answer.code, answer.json) == (401, {"message": message})
    assert control.book()["transactions"] == []


@pytest.mark.parametrize(("kind", "good", "bad"), [("test", "test", "live"), ("live", "live", "test")])
def test_a_key_is_valid_only_for_the_paths_of_its_mode(kind: str, good: str, bad: str) -> None:
    with running(Credentials.invented(kind)) as simulator:
        assert Merchant(simulator, good).pay().code == 200
        assert Merchant(simulator, bad).pay().json == {"message": "Invalid Secret Key."}
        assert Merchant(simulator, bad).status("12524AGSDF34DS").code == 401


def test_both_key_prefixes_are_accepted() -> None:
    with running(replace(Credentials.invented(), secret_key="FS_TEST_62d221bb")) as simulator:
        assert Merchant(simulator).pay().code == 200


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(PAYMENT).encode(),
        b"",
        b"[]",
        b"null",
        b"\xff",
        b'{"payload":null}',
        b'{"payload":1}',
        b'{"payload":""}',
        b'{"payload":"00:00"}',
        json.dumps({"payload": "0" * 32 + ":" + "0" * 64}).encode(),
    ],
)
def test_a_payload_that_cannot_be_decrypted_is_a_400_with_a_message_alone(
    merchant: Merchant, control: Control, body: bytes
) -> None:
    answer = merchant.post("/api/v1/test/card", body)
    assert (answer.code, list(answer.json)) == (400, ["message"])
    assert control.book()["transactions"] == []


@pytest.mark.parametrize("plaintext", [b"", b"not json", b"[]", b"1", b"null", b"\xff\xfe", b'{"amount":NaN}'])
def test_a_payload_without_a_json_object_is_a_400_with_a_message_alone(merchant: Merchant, plaintext: bytes) -> None:
    answer = merchant.send(plaintext)
    assert (answer.code, list(answer.json)) == (400, ["message"])


def test_the_content_type_must_be_json(merchant: Merchant) -> None:
    answer = merchant.post("/api/v1/test/card", b"{}", merchant.bearer | {"Content-Type": "text/plain"})
    assert answer.code == 400


@pytest.mark.parametrize("name", [*UNIFORM, "amount"])
def test_a_missing_field_is_named(merchant: Merchant, name: str) -> None:
    answer = merchant.pay(leave_out=(name,))
    assert (answer.code, answer.json["message"]) == (422, "Please pass all mandatory fields")
    assert answer.json["errors"] == [{"field": name, "message": f"{name} is required"}]


@pytest.mark.parametrize("name", [*UNIFORM, "amount", "order_id", "webhook_url", "terminal_id"])
def test_null_is_refused_and_named(merchant: Merchant, control: Control, name: str) -> None:
    null: dict[str, Any] = {name: None}
    answer = merchant.pay(**null)
    assert (answer.code, answer.json["errors"]) == (422, [{"field": name, "message": f"{name} must not be null"}])
    assert "data" not in answer.json
    assert control.book()["transactions"] == []


@pytest.mark.parametrize("name", [*UNIFORM, "order_id", "webhook_url", "terminal_id"])
@pytest.mark.parametrize("value", [12, True, [], {}])
def test_all_but_the_amount_are_strings(merchant: Merchant, name: str, value: Any) -> None:
    answer = merchant.pay(**{name: value})
    assert (answer.code, [error["field"] for error in answer.json["errors"]]) == (422, [name])


def test_half_a_surrogate_pair_is_refused(merchant: Merchant) -> None:
    assert merchant.pay(first_name="\ud800").code == 422


@pytest.mark.parametrize("value", ["100", True, [], {}, 0, -1])
def test_the_amount_is_a_positive_number(merchant: Merchant, value: Any) -> None:
    answer = merchant.pay(amount=value)
    assert (answer.code, [error["field"] for error in answer.json["errors"]]) == (422, ["amount"])


@pytest.mark.parametrize("url", ["javascript:alert(1)", "shop", "https://", "https://a b", "https://a\r\nX: y", "//a"])
def test_the_redirect_url_must_be_http_or_https(merchant: Merchant, url: str) -> None:
    assert merchant.pay(redirect_url=url).code == 422


def test_optional_fields_may_be_left_out(merchant: Merchant) -> None:
    assert merchant.pay(leave_out=("order_id",)).code == 200
    assert merchant.pay(terminal_id="T1", order_id="abc").code == 200
    assert merchant.pay(order_id="ab").code == 422


def test_an_order_id_is_accepted_once_unless_the_check_is_switched_off(merchant: Merchant, control: Control) -> None:
    assert merchant.pay().code == 200
    refused = merchant.pay()
    assert (refused.code, refused.json["errors"][0]["field"]) == (422, "order_id")
    control.switch(refuse_duplicates=False)
    assert merchant.pay().code == 200
    book = control.book()
    assert book["posts"] == {"12524AGSDF34DS": 3}
    assert book["card_requests"] == 3
    assert len(book["transactions"]) == 2


def test_every_request_is_counted_even_a_refused_one(merchant: Merchant, control: Control) -> None:
    merchant.post("/api/v1/test/card", b"{}", {})
    merchant.pay(amount=None)
    book = control.book()
    assert book["card_requests"] == 2
    assert [one["became"][:12] for one in book["requests"]] == ["refused: 401", "refused: 422"]


@pytest.mark.parametrize(
    "changes", [{}, {"amount": None}, {"card_number": 4111111111111111}, {"pan": "4111111111111111"}]
)
def test_no_card_number_and_no_cvv_is_shown_or_logged(
    merchant: Merchant, control: Control, caplog: pytest.LogCaptureFixture, changes: dict[str, Any]
) -> None:
    caplog.set_level(logging.DEBUG)
    answer = merchant.pay(card_cvv="7391", **changes)
    seen = json.dumps([control.book(), control.deliveries()]) + caplog.text + answer.raw.decode()
    assert "4111111111111111" not in seen
    assert "7391" not in seen
    assert "card_cvv" not in seen


def test_the_decrypted_request_is_shown_masked(merchant: Merchant, control: Control) -> None:
    merchant.pay()
    decrypted = control.book()["requests"][0]["decrypted"]
    expected = {name: value for name, value in PAYMENT.items() if name != "card_cvv"}
    assert decrypted == expected | {"card_number": "411111******1111"}


@pytest.mark.parametrize("number", CARDS)
def test_every_listed_card_passes_the_luhn_check(number: str) -> None:
    digits = [int(digit) for digit in reversed(number)]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    assert (sum(digits[::2]) + sum(doubled)) % 10 == 0


def test_an_unknown_route_has_the_gateways_message(merchant: Merchant) -> None:
    assert merchant.get("/api/v1/staging/card").json == {"message": "Route not found"}
    assert merchant.get("/api/v1/test/status/order").json == {"message": "Route not found"}
