"""Envelopes: those of the document, the status words, the amounts, and replies that are no envelope."""

import json
from decimal import Decimal
from typing import Any

import pytest

from payments.gateway.envelope import Dialect, parse, transaction_of
from payments.model.gateway_transaction import GatewayTransaction
from payments.model.status import Status
from tests.fakes.samples import TRANSACTION_ID
from tests.payments.gateway.envelopes import DOCUMENT_FAILED, DOCUMENT_REDIRECT, MAJOR, MINOR, body, envelope, read


class TestDocument:
    def test_the_success_response_is_a_redirect(self) -> None:
        assert read(DOCUMENT_REDIRECT) == GatewayTransaction(
            raw_status="REDIRECT",
            verdict=Status.REQUIRES_ACTION,
            transaction_id="FS0186280974141637",
            amount=Decimal(100),
            currency="GBP",
            message="Please redirect user to complete the payment.",
            redirect_url="https://backend.pay.agency/api/v1/test/card/checkout/FS0186280974141637",
            refunded=False,
            charged_back=False,
        )

    def test_the_error_response_is_a_failure(self) -> None:
        assert read(DOCUMENT_FAILED) == GatewayTransaction(
            raw_status="FAILED",
            verdict=Status.FAILED,
            transaction_id="FS0279243486998947",
            amount=Decimal(100),
            currency="GBP",
            message="The Card is not supported for testing.",
            refunded=False,
            charged_back=False,
        )


@pytest.mark.parametrize(
    ("word", "verdict"),
    [
        ("SUCCESS", Status.SUCCEEDED),
        ("FAILED", Status.FAILED),
        ("BLOCKED", Status.BLOCKED),
        ("ABANDONED", Status.ABANDONED),
        ("REDIRECT", Status.REQUIRES_ACTION),
        ("PENDING", Status.PENDING),
        ("INIT", Status.PROCESSING),
    ],
)
def test_each_status_word_has_its_verdict(word: str, verdict: Status) -> None:
    assert read(body(status=word)).verdict is verdict


@pytest.mark.parametrize("word", ["REFUNDED", "success", "Success", "SUCCESS ", "", "APPROVED", "3DS"])
def test_an_unknown_status_word_has_no_verdict(word: str) -> None:
    transaction = read(body(status=word))

    assert transaction.verdict is None
    assert transaction.transaction_id == TRANSACTION_ID


class TestAmounts:
    @pytest.mark.parametrize(
        ("written", "currency", "dialect", "minor_units"),
        [
            ("100", "GBP", MINOR, "100"),
            ('"100"', "GBP", MINOR, "100"),
            ("100.0", "GBP", MINOR, "100"),
            ("1", "GBP", MAJOR, "100"),
            ("1.00", "GBP", MAJOR, "100"),
            ('"1.00"', "GBP", MAJOR, "100"),
            ("0.1", "GBP", MAJOR, "10"),
            ("0.29", "GBP", MAJOR, "29"),  # as a float, 0.29 * 100 is 28.999999999999996
            ("1.001", "GBP", MAJOR, "100.1"),
            ("100", "JPY", MAJOR, "100"),
            ("0.100", "KWD", MAJOR, "100"),
            ('"0.001"', "KWD", MAJOR, "1"),
            ("1e2", "GBP", MINOR, "100"),
            ("-1", "GBP", MINOR, "-1"),
            ("1.00", "???", MAJOR, "100"),  # an unknown currency never equals ours
            ("90071992547409.93", "USD", MAJOR, "9007199254740993"),
            ("100.00000000000000000000000000000000001", "GBP", MINOR, "100.00000000000000000000000000000000001"),
            ("1.0000000000000000000000000000000001", "GBP", MAJOR, "100.00000000000000000000000000000001"),
        ],
    )
    def test_an_amount_is_exact_as_a_number_and_as_a_string(
        self, written: str, currency: str, dialect: Dialect, minor_units: str
    ) -> None:
        text = body(amount="HERE", currency=currency).replace(b'"HERE"', written.encode())

        assert read(text, dialect).amount == Decimal(minor_units)

    @pytest.mark.parametrize(
        "amount",
        ["", "ten", "1,00", "NaN", "Infinity", "-Infinity", True, False, [], {}, [100], "1e99", "1 00", "1_00"],
    )
    def test_an_amount_that_is_not_a_number_equals_no_amount(self, amount: Any) -> None:
        assert read(body(amount=amount)).amount == -1

    def test_a_missing_amount_is_none(self) -> None:
        assert read(body(amount=None)).amount is None
        assert read(body(without=("amount",))).amount is None


class TestNoEnvelope:
    @pytest.mark.parametrize(
        "reply",
        [
            {},
            {"message": "Invalid Secret Key."},
            {"status": "SUCCESS"},
            {"status": "SUCCESS", "data": None},
            {"status": "SUCCESS", "data": []},
            {"status": "SUCCESS", "data": {}},
            {"status": None, "data": {"transaction_id": "FS1"}},
            {"data": {"transaction_id": "FS1"}},
            {"status": 200, "data": {"transaction_id": "FS1"}},
            {"status": "SUCCESS", "data": {"transaction_id": None}},
            {"status": "SUCCESS", "data": {"transaction_id": ""}},
            {"status": "SUCCESS", "data": {"transaction_id": 42}},
            {"status": "SUCCESS", "data": {"transaction_id": "FS 1"}},
            {"status": "SUCCESS", "data": {"transaction_id": "FS1\n"}},
            {"status": "SUCCESS", "data": {"transaction_id": "<script>"}},
            {"status": "SUCCESS", "data": {"transaction_id": "F" * 65}},
        ],
    )
    def test_a_reply_without_status_or_transaction_id_is_no_envelope(self, reply: dict[str, Any]) -> None:
        assert transaction_of(reply, MINOR) is None

    @pytest.mark.parametrize(
        "text",
        [
            b"",
            b"null",
            b"[]",
            b'"SUCCESS"',
            b"42",
            b"<html>502 Bad Gateway</html>",
            DOCUMENT_REDIRECT[:-1],
            DOCUMENT_REDIRECT + b"}",
            b'{"status":"SUCCESS","data":{"amount":NaN}}',
            b'{"status":"SUCCESS","data":{"amount":Infinity}}',
            b"\xff\xfe{}",
            b"\xef\xbb\xbf{}",
            b"{" * 100_000,
            b"[" * 100_000,
            b'{"amount":' + b"9" * 10_000 + b"}",
            b'{"amount":1e' + b"9" * 30 + b"}",
        ],
    )
    def test_a_body_that_is_not_a_json_object_is_no_envelope(self, text: bytes) -> None:
        assert parse(text) is None


@pytest.mark.parametrize(
    ("outer", "inner", "verdict"),
    [
        ("SUCCESS", "SUCCESS", Status.SUCCEEDED),
        ("SUCCESS", None, Status.SUCCEEDED),
        ("SUCCESS", "PENDING", Status.PENDING),
        ("SUCCESS", "FAILED", Status.FAILED),
        ("SUCCESS", "ABANDONED", Status.ABANDONED),
        ("SUCCESS", "a new word", None),
        ("SUCCESS", 1, None),
        ("SUCCESS", ["SUCCESS"], None),
        ("FAILED", "SUCCESS", None),
        ("PENDING", "SUCCESS", None),
    ],
)
def test_a_second_status_in_the_data_replaces_the_outer_success_or_contradicts(
    outer: str, inner: Any, verdict: Status | None
) -> None:
    """The outer SUCCESS may only mean that the query found the payment."""
    reply = envelope() | {"status": outer}
    reply["data"] = {**reply["data"], "status": inner}
    assert read(json.dumps(reply).encode()).verdict is verdict
