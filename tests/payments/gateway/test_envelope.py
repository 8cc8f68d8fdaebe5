"""How envelopes read: the document's own, numbers and strings, and whatever else a gateway may send."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.gateway.envelope import VERDICTS, Dialect, field_errors, parse, transaction_of
from payments.model.gateway_transaction import GatewayTransaction
from payments.model.status import Status
from tests.fakes.samples import ORDER_ID, TRANSACTION_ID
from tests.payments.gateway.envelopes import DOCUMENT_FAILED, DOCUMENT_REDIRECT, MAJOR, MINOR, body, envelope

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
LOOSE_DATA = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        ("amount", "currency", "order_id", "transaction_id", "refund", "chargeback", "customer"), JSON
    ),
)
LOOSE = st.fixed_dictionaries(
    {"status": JSON | st.sampled_from(sorted(VERDICTS)), "data": JSON | LOOSE_DATA},
    optional={"message": JSON, "redirect_url": JSON, "errors": JSON},
)


def read(text: bytes, dialect: Dialect = MINOR) -> GatewayTransaction:
    transaction = transaction_of(parse(text) or {}, dialect)
    assert transaction is not None
    return transaction


class TestTheDocument:
    def test_success_response_is_a_redirect(self) -> None:
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

    def test_error_response_is_a_failure(self) -> None:
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
    ("said", "verdict"),
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
def test_each_status_word_has_its_meaning(said: str, verdict: Status) -> None:
    assert read(body(status=said)).verdict is verdict


@pytest.mark.parametrize("said", ["REFUNDED", "success", "Success", "SUCCESS ", "", "APPROVED", "3DS"])
def test_a_word_nobody_has_told_us_of_is_no_verdict(said: str) -> None:
    transaction = read(body(status=said))

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
            ("1.00", "???", MAJOR, "100"),  # the currency differs from ours anyway
            ("90071992547409.93", "USD", MAJOR, "9007199254740993"),
            ("100.00000000000000000000000000000000001", "GBP", MINOR, "100.00000000000000000000000000000000001"),
            ("1.0000000000000000000000000000000001", "GBP", MAJOR, "100.00000000000000000000000000000001"),
        ],
    )
    def test_read_exactly_whether_number_or_string(
        self, written: str, currency: str, dialect: Dialect, minor_units: str
    ) -> None:
        text = body(amount="HERE", currency=currency).replace(b'"HERE"', written.encode())

        assert read(text, dialect).amount == Decimal(minor_units)

    @pytest.mark.parametrize(
        "amount",
        ["", "ten", "1,00", "NaN", "Infinity", "-Infinity", True, False, [], {}, [100], "1e99", "1 00", "1_00"],
    )
    def test_what_is_no_number_equals_no_amount(self, amount: Any) -> None:
        assert read(body(amount=amount)).amount == -1

    def test_absent_is_not_said(self) -> None:
        assert read(body(amount=None)).amount is None
        assert read(body(without=("amount",))).amount is None


class TestNoEnvelope:
    @pytest.mark.parametrize(
        "told",
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
    def test_without_status_and_transaction(self, told: dict[str, Any]) -> None:
        assert transaction_of(told, MINOR) is None

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
    def test_of_what_is_no_json_object(self, text: bytes) -> None:
        assert parse(text) is None


class TestOtherFacts:
    def test_refund_and_chargeback_are_flags_with_a_date(self) -> None:
        transaction = read(
            body(
                refund={"status": True, "refund_date": "2027-02-01T08:00:00.000Z"},
                chargeback={"status": True, "chargeback_date": "2027-03-01T08:00:00+02:00"},
            )
        )

        assert transaction.refunded
        assert transaction.refunded_at == datetime(2027, 2, 1, 8, tzinfo=UTC)
        assert transaction.charged_back
        assert transaction.charged_back_at == datetime(2027, 3, 1, 6, tzinfo=UTC)

    @pytest.mark.parametrize("status", ["true", 1, "yes", None, {}])
    def test_only_true_is_true(self, status: Any) -> None:
        transaction = read(body(refund={"status": status}, chargeback={"status": status}))

        assert not transaction.refunded
        assert not transaction.charged_back

    @pytest.mark.parametrize(
        ("part", "said"), [({"status": False}, False), ({}, None), ({"status": 0}, None), (None, None)]
    )
    def test_nothing_said_is_no_word_against_it(self, *, part: Any, said: bool | None) -> None:
        transaction = read(body(refund=part, chargeback=part))

        assert (transaction.refunded, transaction.charged_back) == (said, said)

    @pytest.mark.parametrize("moment", ["yesterday", "2027-02-01T08:00:00", "", 5, "0001-01-01T00:00:00+23:59", {}])
    def test_a_date_that_is_none_is_left_out(self, moment: Any) -> None:
        transaction = read(body(refund={"status": True, "refund_date": moment}))

        assert transaction.refunded
        assert transaction.refunded_at is None

    @pytest.mark.parametrize("order_id", [ORDER_ID, 12345, True, ["a"], {"a": 1}])
    def test_whatever_stands_for_the_order_id_is_said(self, order_id: Any) -> None:
        """So that it can differ from ours."""
        assert (read(body(order_id=order_id)).order_id == ORDER_ID) is (order_id == ORDER_ID)
        assert read(body(order_id=order_id)).order_id is not None


class TestRedirectUrl:
    @pytest.mark.parametrize(
        "url", ["https://bank.example/3ds?id=1&x=%20", "http://127.0.0.1:8080/3ds", "https://ex.example/é"]
    )
    def test_is_kept(self, url: str) -> None:
        assert read(body(status="REDIRECT", redirect_url=url)).redirect_url == url

    @pytest.mark.parametrize(
        "url",
        [
            None,
            "",
            5,
            "javascript:alert(1)",
            "data:text/html,x",
            "//bank.example",
            "ftp://bank.example",
            " https://bank.example",
            "https://bank.example/\r\nSet-Cookie: a=b",
            "https://bank.example/a b",
            "https://bank.example/\u2028",
            "https://bank.example/\ud800",
            "https://",
            "https://bank.example/" + "a" * 2048,
        ],
    )
    def test_is_dropped_when_it_is_no_web_address(self, url: Any) -> None:
        assert read(body(status="REDIRECT", redirect_url=url)).redirect_url is None


class TestHostile:
    @given(st.binary())
    def test_any_bytes_are_read_or_not_but_never_raise(self, text: bytes) -> None:
        parsed = parse(text)

        assert parsed is None or isinstance(parsed, dict)

    @given(JSON)
    def test_any_json_is_read_or_not_but_never_raises(self, told: Any) -> None:
        parsed = parse(json.dumps(told).encode())
        if parsed is not None:
            transaction_of(parsed, MINOR, ("4111111111111111", "907"))
            field_errors(parsed)

    @given(LOOSE, st.sampled_from([MINOR, MAJOR]))
    def test_any_values_in_the_known_fields(self, told: dict[str, Any], dialect: Dialect) -> None:
        parsed = parse(json.dumps(told).encode())
        if parsed is not None:
            transaction = transaction_of(parsed, dialect, ("4111111111111111", "907"))
            assert transaction is None or transaction.message is None or len(transaction.message) <= 300
            assert len(field_errors(parsed)) <= 20

    @given(JSON.filter(lambda value: value != "SUCCESS"))
    def test_only_the_word_itself_is_success(self, said: Any) -> None:
        transaction = transaction_of(parse(json.dumps(envelope() | {"status": said}).encode()) or {}, MINOR)

        assert transaction is None or transaction.verdict is not Status.SUCCEEDED

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
    def test_a_second_status_in_the_data_is_the_payment_s_or_decides_nothing(
        self, outer: str, inner: Any, verdict: Status | None
    ) -> None:
        """ "Payment found" may be what the outer SUCCESS is about."""
        told = envelope() | {"status": outer}
        told["data"] = {**told["data"], "status": inner}
        assert read(json.dumps(told).encode()).verdict is verdict

    @pytest.mark.parametrize("name", ["order_id", "amount", "currency", "refund", "transaction_id"])
    def test_a_deep_value_is_read_or_not_but_never_raises(self, name: str) -> None:
        for depth in (10, 500, 900, *range(930, 1000), 3000, 30_000):
            deep = b"[" * depth + b"]" * depth
            parsed = parse(body(**{name: "HERE"}).replace(b'"HERE"', deep))
            if parsed is not None:
                transaction_of(parsed, MINOR)
                field_errors({"errors": [{"field": parsed, "message": "m"}]})
