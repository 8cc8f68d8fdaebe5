"""Limits of what is taken over from the gateway: the last value that is, and the first one that is not."""

from datetime import UTC, datetime
from typing import Any

import pytest

from payments.gateway.envelope import Dialect
from payments.gateway.transaction_list import AMOUNT_LIMIT, row_of
from payments.gateway.transport import Transport
from payments.reconciliation.transaction_list import ListedRow, UnreadableRow
from tests.fakes.transaction_list import MINOR, row
from tests.payments.gateway.envelopes import body, read
from tests.payments.gateway.exchanges import OK, post
from tests.payments.gateway.rogue_server import rogue_server
from tests.payments.gateway.server_behaviours import answers
from tests.payments.gateway.test_transaction_list import page_body, page_of

NOW = datetime(2027, 3, 10, tzinfo=UTC)


def listed(**changes: Any) -> ListedRow | UnreadableRow:
    return row_of(row(**changes), MINOR, NOW)


@pytest.mark.parametrize(("asked", "waits"), [("0", 0.0), ("59", 59.0), ("60", 60.0), ("61", 60.0), ("3600", 60.0)])
def test_the_gateway_can_ask_to_wait_for_a_minute_at_most(asked: str, waits: float) -> None:
    with rogue_server(answers(429, OK, f"Retry-After: {asked}")) as server:
        assert post(Transport(server.url)).retry_after == waits


class TestEnvelope:
    def test_a_status_word_is_cut_after_40_letters(self) -> None:
        assert read(body(status="W" * 41)).raw_status == "W" * 40

    def test_an_order_id_is_cut_after_200_letters(self) -> None:
        assert read(body(order_id="o" * 201)).order_id == "o" * 200

    def test_a_page_for_the_shopper_has_at_most_2048_letters(self) -> None:
        longest = "https://bank.example/".ljust(2048, "a")
        assert read(body(redirect_url=longest)).redirect_url == longest
        assert read(body(redirect_url=longest + "a")).redirect_url is None

    @pytest.mark.parametrize(
        ("page", "is_kept"), [("https://bank.example/3ds", True), ("http://bank.example/3ds", False)]
    )
    def test_where_only_https_is_allowed_a_page_without_it_is_dropped(self, page: str, *, is_kept: bool) -> None:
        transaction = read(body(redirect_url=page), Dialect("minor", "alpha-2", https_pages_only=True))
        assert transaction.redirect_url == (page if is_kept else None)


class TestPage:
    def test_a_cursor_has_at_most_2048_letters(self) -> None:
        for length, cursor in ((1, "x"), (2048, "x" * 2048), (2049, None)):
            page = page_of(answers(200, page_body(meta={"hasNextPage": True, "nextCursor": "x" * length})))
            assert page.next_cursor == cursor

    @pytest.mark.parametrize(
        ("announced", "total"), [(0, 0), (AMOUNT_LIMIT - 1, AMOUNT_LIMIT - 1), (AMOUNT_LIMIT, None)]
    )
    def test_a_total_is_a_number_of_rows_that_can_be(self, announced: int, total: int | None) -> None:
        assert page_of(answers(200, page_body(meta={"hasNextPage": False, "totalCount": announced}))).total == total


class TestRow:
    @pytest.mark.parametrize("sign", [1, -1])
    def test_an_amount_is_below_the_limit_on_either_side_of_zero(self, sign: int) -> None:
        assert isinstance(listed(amount=sign * (AMOUNT_LIMIT - 1)), ListedRow)
        assert listed(amount=sign * AMOUNT_LIMIT) == UnreadableRow(
            "its amount is out of all proportion", row()["transaction_id"]
        )

    @pytest.mark.parametrize(("length", "shown"), [(40, "W" * 40), (41, "(unknown)")])
    def test_a_status_of_more_than_40_letters_is_not_shown(self, length: int, shown: str) -> None:
        found = listed(status="W" * length)
        assert isinstance(found, ListedRow)
        assert found.transaction.raw_status == shown

    def test_an_order_id_is_looked_up_by_its_first_200_letters(self) -> None:
        found = listed(order_id="o" * 201)
        assert isinstance(found, ListedRow)
        assert found.transaction.order_id == "o" * 200

    @pytest.mark.parametrize("name", ["refund_date", "chargeback_date", "suspicious_date"])
    def test_a_date_is_from_a_day_before_the_creation_to_a_day_after_now(self, name: str) -> None:
        created = "2027-01-31T09:30:00Z"
        for first_or_last in ("2027-01-30T09:30:00Z", "2027-03-11T00:00:00Z"):
            assert isinstance(listed(created_at=created, **{name: first_or_last}), ListedRow)

    @pytest.mark.parametrize("created", [None, "2015-01-01T12:00:00Z", "2009-05-05T00:00:00Z"])
    def test_no_date_is_before_2015_whenever_the_transaction_was_created(self, created: str | None) -> None:
        assert isinstance(listed(created_at=created, refund_date="2015-01-01T00:00:00Z"), ListedRow)
        assert isinstance(listed(created_at=created, refund_date="2014-12-31T23:59:59Z"), UnreadableRow)

    def test_why_a_row_is_unreadable_names_the_field(self) -> None:
        for changes, why in (
            ({"status": None}, "it has no status"),
            ({"currency": "gbp"}, "it has no currency of ISO 4217"),
            ({"refund_date": "soon"}, "its refund_date is no date"),
        ):
            assert listed(**changes) == UnreadableRow(why, row()["transaction_id"])
