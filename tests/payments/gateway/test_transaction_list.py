"""The gateway's list over the wire: what is asked, what a page must say, and rows that nobody would send."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.gateway.credentials import Mode
from payments.gateway.envelope import Dialect
from payments.gateway.transaction_list import MAX_PAGE_BYTES, PayAgencyList, row_of
from payments.model.status import Status
from payments.ports.gateway import CredentialsRefused, GatewayError, NoAnswer, Refused
from payments.reconciliation.transaction_list import ListedRow, Page, Span, UnreadableRow
from tests.fakes import samples
from tests.fakes.transaction_list import MINOR, row
from tests.payments.gateway.gateway_calls import NEW, OLD, GatewayCalls
from tests.payments.gateway.rogue_server import rogue_server
from tests.payments.gateway.server_behaviours import Behaviour, answers, stays_silent

SPAN = Span(date(2026, 11, 1), date(2026, 11, 15))
LAST = {"hasNextPage": False, "nextCursor": None, "totalCount": 1}
CARD = "4111111111111111"
NOW = datetime(2027, 3, 10, tzinfo=UTC)


def told(*rows: Any, meta: Any = None) -> dict[str, Any]:
    return {"data": list(rows), "meta": LAST if meta is None else meta}


def listing_of(gateway: GatewayCalls) -> PayAgencyList:
    return PayAgencyList(gateway.client, lambda: NOW)


def paged(behaviour: Behaviour) -> Page:
    with rogue_server(behaviour) as server:
        return listing_of(GatewayCalls(server, OLD)).page(SPAN, None, 5)


class TestRequest:
    @pytest.mark.parametrize("mode", ["test", "live"])
    def test_asks_for_a_day_more_at_each_end(self, mode: Mode) -> None:
        with rogue_server(answers(200, told())) as server:
            listing_of(GatewayCalls(server, OLD, mode=mode)).page(SPAN, None, 5)
            (request,) = server.requests
        days = "transaction_start_date=2026-10-31&transaction_end_date=2026-11-16"
        assert request.line == f"GET /api/v1/{mode}-transactions?{days} HTTP/1.1"
        assert request.header("authorization") == "Bearer PA_TEST_old"

    def test_a_cursor_travels_as_it_came_whatever_it_holds(self) -> None:
        with rogue_server(answers(200, told())) as server:
            listing_of(GatewayCalls(server, OLD)).page(SPAN, "a b&c=d#é/../\r\nHost: x", 5)
            (request,) = server.requests
        assert "&nextCursor=a+b%26c%3Dd%23%C3%A9%2F..%2F%0D%0AHost%3A+x " in request.line

    def test_a_refused_key_is_read_anew_once(self) -> None:
        with rogue_server(answers(401, {"message": "Invalid Secret Key."}), answers(200, told())) as server:
            gateway = GatewayCalls(server, OLD, NEW)
            assert listing_of(gateway).page(SPAN, None, 5).rows == []
            assert gateway.keys_sent() == ["PA_TEST_old", "PA_TEST_new"]


class TestPage:
    def test_is_rows_and_the_way_on(self) -> None:
        meta = {"hasNextPage": True, "nextCursor": "abc", "totalCount": 7, "prevCursor": None}
        page = paged(answers(200, told(row(), 17, meta=meta)))
        assert (page.has_next, page.next_cursor, page.total) == (True, "abc", 7)
        assert [type(each) for each in page.rows] == [ListedRow, UnreadableRow]

    @pytest.mark.parametrize(
        "answer",
        [
            told(meta={}),
            told(meta=[]),
            told(meta={"hasNextPage": "false"}),
            told(meta={"hasNextPage": None, "nextCursor": "x"}),
            {"data": {}, "meta": LAST},
            {"data": [row()]},
            {"meta": LAST},
            {"message": "ok"},
            [],
            None,
        ],
    )
    def test_that_does_not_say_whether_it_is_the_last_is_none(self, answer: Any) -> None:
        with pytest.raises(NoAnswer):
            paged(answers(200, answer))

    @pytest.mark.parametrize("cursor", ["", 7, True, {}, "x" * 2049])
    def test_has_no_cursor_but_a_text_of_some_length(self, cursor: Any) -> None:
        page = paged(answers(200, told(meta={"hasNextPage": True, "nextCursor": cursor})))
        assert (page.has_next, page.next_cursor) == (True, None)

    @pytest.mark.parametrize("total", ["7", -1, 1.5, True, None, int(CARD)])
    def test_has_no_total_but_a_number(self, total: Any) -> None:
        assert paged(answers(200, told(meta={**LAST, "totalCount": total}))).total is None

    def test_may_be_large(self) -> None:
        rows = [row(transaction_id=f"PA{nth}") for nth in range(10_000)]
        assert len(paged(answers(200, told(*rows))).rows) == 10_000

    def test_and_not_larger_than_memory(self) -> None:
        with pytest.raises(NoAnswer):
            paged(answers(200, raw=b" " * (MAX_PAGE_BYTES + 1)))

    def test_is_readable_though_a_byte_in_it_is_not(self) -> None:
        body = json.dumps(told(row(customer="?"), row(transaction_id="PA2"))).encode().replace(b'"?"', b'"\xff\xfe"')
        assert [type(each) for each in paged(answers(200, raw=body)).rows] == [ListedRow, ListedRow]

    @pytest.mark.parametrize(
        ("behaviour", "error"),
        [
            (answers(422, {"message": "Invalid cursor."}), Refused),
            (answers(400, {"errors": [{"field": "nextCursor", "message": "x"}]}), Refused),
            (answers(401, {"message": "Invalid Secret Key."}), CredentialsRefused),
            (answers(500, {"message": "Internal error"}), NoAnswer),
            (answers(429, {"message": "Too many requests"}), NoAnswer),
            (answers(408, {"message": "Timeout"}), NoAnswer),
            (answers(503, raw=b"<html>"), NoAnswer),
            (answers(302, {}, "Location: /elsewhere"), NoAnswer),
            (answers(200, raw=b"\x00\xff garbage"), NoAnswer),
            (stays_silent, NoAnswer),
        ],
        ids=["422", "400", "401", "500", "429", "408", "503", "302", "garbage", "silence"],
    )
    def test_is_there_or_one_of_three_errors(self, behaviour: Behaviour, error: type[GatewayError]) -> None:
        with rogue_server(behaviour) as server, pytest.raises(GatewayError) as caught:
            listing_of(GatewayCalls(server, OLD)).page(SPAN, None, 0.4)
        assert type(caught.value) is error


def read(**changes: Any) -> ListedRow | UnreadableRow:
    return row_of(row(**changes), MINOR, NOW)


def well_read(**changes: Any) -> ListedRow:
    listed = read(**changes)
    assert isinstance(listed, ListedRow), listed
    return listed


class TestRow:
    def test_says_what_the_status_api_would(self) -> None:
        listed = well_read(refund_date="2027-02-01T08:00:00.000Z", chargeback_date="2027-03-01T08:00:00+02:00")
        transaction = listed.transaction
        assert (transaction.raw_status, transaction.verdict) == ("SUCCESS", Status.SUCCEEDED)
        assert (transaction.transaction_id, transaction.order_id) == (samples.TRANSACTION_ID, samples.ORDER_ID)
        assert (transaction.amount, transaction.currency) == (Decimal(100), "GBP")
        assert (transaction.refunded, transaction.refunded_at) == (True, datetime(2027, 2, 1, 8, tzinfo=UTC))
        assert (transaction.charged_back, transaction.charged_back_at) == (True, datetime(2027, 3, 1, 6, tzinfo=UTC))
        assert listed.created_at == datetime(2027, 1, 31, 9, 30, tzinfo=UTC)
        assert listed.suspicious_at is None

    @pytest.mark.parametrize("amount", ["100", 100, Decimal(100), "100.00", "1E+2", Decimal("100.0")], ids=repr)
    def test_amounts_come_as_strings_or_numbers(self, amount: Any) -> None:
        assert well_read(amount=amount).transaction.amount == 100

    @pytest.mark.parametrize(
        ("currency", "amount", "minor"), [("GBP", "1.99", 199), ("JPY", "5", 5), ("KWD", "1", 1000)]
    )
    def test_amounts_are_of_the_accounts_unit(self, currency: str, amount: str, minor: int) -> None:
        listed = row_of(row(currency=currency, amount=amount), Dialect("major", "alpha-2"), NOW)
        assert isinstance(listed, ListedRow)
        assert listed.transaction.amount == minor

    def test_an_unknown_word_is_no_verdict(self) -> None:
        transaction = well_read(status="ON_HOLD").transaction
        assert (transaction.raw_status, transaction.verdict) == ("ON_HOLD", None)

    @pytest.mark.parametrize("name", ["refund_date", "chargeback_date", "suspicious_date"])
    @pytest.mark.parametrize("value", [None, "", False])
    def test_nothing_in_a_date_is_no_date(self, name: str, value: Any) -> None:
        listed = well_read(**{name: value})
        assert (listed.transaction.refunded, listed.transaction.charged_back, listed.suspicious_at) == (
            False,
            False,
            None,
        )

    @pytest.mark.parametrize(
        "text", ["2027-02-01", "2027-02-01 00:00:00", "2027-02-01T00:00:00Z", "2027-02-01T00:00:00.0"]
    )
    def test_a_date_without_a_zone_is_of_utc(self, text: str) -> None:
        assert well_read(suspicious_date=text).suspicious_at == datetime(2027, 2, 1, tzinfo=UTC)

    @pytest.mark.parametrize("value", [None, 17, "yesterday", "0001-01-01T00:00:00+14:00", {}])
    def test_a_creation_that_cannot_be_read_is_not_told(self, value: Any) -> None:
        assert well_read(created_at=value).created_at is None

    @pytest.mark.parametrize(
        "changes",
        [
            {"transaction_id": None},
            {"transaction_id": ""},
            {"transaction_id": 17},
            {"transaction_id": "PA 1"},
            {"transaction_id": "PA1\n"},
            {"transaction_id": "x" * 65},
            {"transaction_id": CARD},
            {"transaction_id": "4111-1111-1111-1111"},
            {"transaction_id": "4111_1111_1111_1111"},
            {"transaction_id": "41111111XXXX1111"},
            {"transaction_id": "PA411111xxxxxx1111"},
            {"status": None},
            {"status": 1},
            {"status": ["SUCCESS"]},
            {"amount": None},
            {"amount": ""},
            {"amount": "1_00"},
            {"amount": " 100"},
            {"amount": "NaN"},
            {"amount": "Infinity"},
            {"amount": True},
            {"amount": [100]},
            {"amount": "9" * 50},
            {"amount": "1e999"},
            {"amount": CARD},
            {"amount": int(CARD)},
            {"currency": None},
            {"currency": "gbp"},
            {"currency": "XXX"},
            {"currency": ["GBP"]},
            {"refund_date": "soon"},
            {"refund_date": 1},
            {"chargeback_date": True},
            {"suspicious_date": {"date": "2027-01-01"}},
            {"suspicious_date": "0000-00-00 00:00:00"},
        ],
        ids=repr,
    )
    def test_is_read_whole_or_not_at_all(self, changes: dict[str, Any]) -> None:
        assert isinstance(read(**changes), UnreadableRow)

    @pytest.mark.parametrize("name", ["refund_date", "chargeback_date", "suspicious_date"])
    @pytest.mark.parametrize("created_at", ["2027-01-31T09:30:00Z", None])
    @pytest.mark.parametrize(
        "value", ["0001-01-01T00:00:00Z", "1970-01-01", "2014-12-31T23:59:59Z", "2999-12-31", "2027-03-11T00:00:01Z"]
    )
    def test_nothing_is_believed_to_have_happened_when_it_cannot_have(
        self, name: str, created_at: str | None, value: str
    ) -> None:
        unreadable = read(created_at=created_at, **{name: value})
        assert unreadable == UnreadableRow(f"its {name} cannot be", samples.TRANSACTION_ID)

    @pytest.mark.parametrize("name", ["refund_date", "chargeback_date", "suspicious_date"])
    def test_nor_days_before_the_transaction_was_made(self, name: str) -> None:
        assert isinstance(read(**{name: "2027-01-30T09:29:59Z"}), UnreadableRow)
        assert isinstance(read(**{name: "2027-01-31"}), ListedRow), "a day without an hour, or of another time zone"

    def test_a_little_in_the_future_another_clock_may_be(self) -> None:
        assert isinstance(read(refund_date="2027-03-10T23:59:59Z"), ListedRow)

    @pytest.mark.parametrize("value", [None, 17, "x", [], [row()], True])
    def test_is_an_object(self, value: Any) -> None:
        assert isinstance(row_of(value, MINOR, NOW), UnreadableRow)

    def test_what_is_wrong_is_named_and_not_quoted(self) -> None:
        unreadable = read(amount=f"card {CARD}")
        assert unreadable == UnreadableRow("it has no amount", samples.TRANSACTION_ID)

    @pytest.mark.parametrize("name", ["status", "order_id"])
    def test_a_card_number_in_a_text_is_not_shown(self, name: str) -> None:
        listed = well_read(**{name: f"SUCCESS {CARD} 4111 1111 1111 1111"})
        assert CARD not in f"{listed.transaction.raw_status}{listed.order_id}"
        assert "1111 1111" not in f"{listed.transaction.raw_status}{listed.order_id}"

    @pytest.mark.parametrize("mark", ["", " ", "_", "/", ",", ":", "-", "--", "---", "~", "#", ";", "\u2013"])
    @pytest.mark.parametrize("name", ["status", "order_id"])
    def test_whatever_stands_between_its_digits(self, name: str, mark: str) -> None:
        listed = well_read(**{name: mark.join(["4111"] * 1 + ["1111"] * 3)})
        assert "1111" not in f"{listed.transaction.raw_status}{listed.order_id}"

    @pytest.mark.parametrize("text", ["411111XXXXXX1111", "4111-11**-****-1111", "James Dean", "jane@example.com"])
    @pytest.mark.parametrize("name", ["status", "order_id"])
    def test_neither_is_a_masked_one_nor_a_person(self, name: str, text: str) -> None:
        listed = well_read(**{name: text})
        assert (listed.transaction.raw_status, listed.order_id) == (
            ("(unknown)", samples.ORDER_ID) if name == "status" else ("SUCCESS", "(not shown)")
        )

    @pytest.mark.parametrize("order_id", ["order-1", "1001", "#1001", "a/b~2", "pay_x.y", "2026-11-01-0001"])
    def test_an_order_id_that_looks_like_one_is_shown_as_it_is(self, order_id: str) -> None:
        assert well_read(order_id=order_id).order_id == order_id

    @pytest.mark.parametrize(("order_id", "shown"), [(None, None), ("", None), (1001, "1001"), ([1], "(not shown)")])
    def test_another_is_told_from_none(self, order_id: Any, shown: str | None) -> None:
        assert well_read(order_id=order_id).order_id == shown

    @pytest.mark.parametrize("said", ["ON_HOLD", "refunded", "Partially-Refunded"])
    def test_a_status_of_one_word_is_shown_as_it_is(self, said: str) -> None:
        assert well_read(status=said).transaction.raw_status == said

    @pytest.mark.parametrize("order_id", ["\ud800", "\x00\x1b[31m", "é" * 500, "=1+1", "a\nb"])
    def test_an_order_id_is_shown_short_and_printable(self, order_id: str) -> None:
        shown = well_read(order_id=order_id).order_id or ""
        assert len(shown) <= 64
        shown.encode()
        assert not [each for each in shown if each < " "]

    def test_the_cards_own_fields_are_never_read(self) -> None:
        listed = well_read(card_number=CARD, card_type=CARD, card_cvv="123", customer={"email": "jane@example.com"})
        assert CARD not in repr(listed)
        assert "jane" not in repr(listed)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
FIELDS = sorted(row())


@given(st.dictionaries(st.sampled_from(FIELDS), JUNK))
def test_no_row_is_an_error(junk: dict[str, Any]) -> None:
    assert isinstance(row_of({**row(), **junk}, MINOR, NOW), ListedRow | UnreadableRow)
