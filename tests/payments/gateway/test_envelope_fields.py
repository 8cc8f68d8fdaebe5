"""The optional fields of an envelope: refund, chargeback, order id and redirect URL."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.fakes.samples import ORDER_ID
from tests.payments.gateway.envelopes import body, read


class TestOtherFacts:
    def test_a_refund_and_a_chargeback_are_flags_with_a_date(self) -> None:
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
    def test_only_true_counts_as_a_flag(self, status: Any) -> None:
        transaction = read(body(refund={"status": status}, chargeback={"status": status}))

        assert not transaction.refunded
        assert not transaction.charged_back

    @pytest.mark.parametrize(
        ("part", "flag"), [({"status": False}, False), ({}, None), ({"status": 0}, None), (None, None)]
    )
    def test_a_missing_flag_is_none(self, *, part: Any, flag: bool | None) -> None:
        transaction = read(body(refund=part, chargeback=part))

        assert (transaction.refunded, transaction.charged_back) == (flag, flag)

    @pytest.mark.parametrize("moment", ["yesterday", "2027-02-01T08:00:00", "", 5, "0001-01-01T00:00:00+23:59", {}])
    def test_an_invalid_date_is_left_out(self, moment: Any) -> None:
        transaction = read(body(refund={"status": True, "refund_date": moment}))

        assert transaction.refunded
        assert transaction.refunded_at is None

    @pytest.mark.parametrize("order_id", [ORDER_ID, 12345, True, ["a"], {"a": 1}])
    def test_an_order_id_of_another_type_differs_from_ours(self, order_id: Any) -> None:
        assert (read(body(order_id=order_id)).order_id == ORDER_ID) is (order_id == ORDER_ID)
        assert read(body(order_id=order_id)).order_id is not None


class TestRedirectUrl:
    @pytest.mark.parametrize(
        "url", ["https://bank.example/3ds?id=1&x=%20", "http://127.0.0.1:8080/3ds", "https://ex.example/é"]
    )
    def test_a_web_address_is_kept(self, url: str) -> None:
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
    def test_anything_else_is_dropped(self, url: Any) -> None:
        assert read(body(status="REDIRECT", redirect_url=url)).redirect_url is None
