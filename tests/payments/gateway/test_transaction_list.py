"""The gateway's transaction list: the request of a page, and what makes an answer a page."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from payments.gateway.credentials import Mode
from payments.gateway.transaction_list import MAX_PAGE_BYTES, PayAgencyList
from payments.ports.gateway import CredentialsRefused, GatewayError, NoAnswer, Refused
from payments.reconciliation.transaction_list import ListedRow, Page, Span, UnreadableRow
from tests.fakes.transaction_list import row
from tests.payments.gateway.gateway_calls import NEW, OLD, GatewayCalls
from tests.payments.gateway.rogue_server import rogue_server
from tests.payments.gateway.server_behaviours import Behaviour, answers, stays_silent

SPAN = Span(date(2026, 11, 1), date(2026, 11, 15))
LAST = {"hasNextPage": False, "nextCursor": None, "totalCount": 1}
CARD = "4111111111111111"
NOW = datetime(2027, 3, 10, tzinfo=UTC)


def page_body(*rows: Any, meta: Any = None) -> dict[str, Any]:
    return {"data": list(rows), "meta": LAST if meta is None else meta}


def list_of(gateway: GatewayCalls) -> PayAgencyList:
    return PayAgencyList(gateway.client, lambda: NOW)


def page_of(behaviour: Behaviour) -> Page:
    with rogue_server(behaviour) as server:
        return list_of(GatewayCalls(server, OLD)).page(SPAN, None, 5)


class TestRequest:
    @pytest.mark.parametrize("mode", ["test", "live"])
    def test_a_page_is_requested_with_one_more_day_at_each_end(self, mode: Mode) -> None:
        with rogue_server(answers(200, page_body())) as server:
            list_of(GatewayCalls(server, OLD, mode=mode)).page(SPAN, None, 5)
            (request,) = server.requests
        days = "transaction_start_date=2026-10-31&transaction_end_date=2026-11-16"
        assert request.line == f"GET /api/v1/{mode}-transactions?{days} HTTP/1.1"
        assert request.header("authorization") == "Bearer PA_TEST_old"

    def test_any_cursor_is_sent_back_unchanged(self) -> None:
        with rogue_server(answers(200, page_body())) as server:
            list_of(GatewayCalls(server, OLD)).page(SPAN, "a b&c=d#é/../\r\nHost: x", 5)
            (request,) = server.requests
        assert "&nextCursor=a+b%26c%3Dd%23%C3%A9%2F..%2F%0D%0AHost%3A+x " in request.line

    def test_a_refused_key_is_reloaded_once(self) -> None:
        with rogue_server(answers(401, {"message": "Invalid Secret Key."}), answers(200, page_body())) as server:
            gateway = GatewayCalls(server, OLD, NEW)
            assert list_of(gateway).page(SPAN, None, 5).rows == []
            assert gateway.keys_sent() == ["PA_TEST_old", "PA_TEST_new"]


class TestPage:
    def test_a_page_has_rows_a_cursor_and_a_total(self) -> None:
        meta = {"hasNextPage": True, "nextCursor": "abc", "totalCount": 7, "prevCursor": None}
        page = page_of(answers(200, page_body(row(), 17, meta=meta)))
        assert (page.has_next, page.next_cursor, page.total) == (True, "abc", 7)
        assert [type(each) for each in page.rows] == [ListedRow, UnreadableRow]

    def test_a_row_of_a_declared_channel_is_marked(self) -> None:
        with rogue_server(
            answers(200, page_body(row(transaction_type="LINK"), row(transaction_type="CARD")))
        ) as server:
            client = GatewayCalls(server, OLD).client
            page = PayAgencyList(client, lambda: NOW, ("transaction_type=LINK",)).page(SPAN, None, 5)
        channels = [each.other_channel for each in page.rows if isinstance(each, ListedRow)]
        assert channels == ["transaction_type=LINK", None]

    @pytest.mark.parametrize(
        "answer",
        [
            page_body(meta={}),
            page_body(meta=[]),
            page_body(meta={"hasNextPage": "false"}),
            page_body(meta={"hasNextPage": None, "nextCursor": "x"}),
            {"data": {}, "meta": LAST},
            {"data": [row()]},
            {"meta": LAST},
            {"message": "ok"},
            [],
            None,
        ],
    )
    def test_a_page_without_has_next_page_raises_no_answer(self, answer: Any) -> None:
        with pytest.raises(NoAnswer):
            page_of(answers(200, answer))

    @pytest.mark.parametrize("cursor", ["", 7, True, {}, "x" * 2049])
    def test_an_invalid_cursor_is_none(self, cursor: Any) -> None:
        page = page_of(answers(200, page_body(meta={"hasNextPage": True, "nextCursor": cursor})))
        assert (page.has_next, page.next_cursor) == (True, None)

    @pytest.mark.parametrize("total", ["7", -1, 1.5, True, None, int(CARD)])
    def test_an_invalid_total_is_none(self, total: Any) -> None:
        assert page_of(answers(200, page_body(meta={**LAST, "totalCount": total}))).total is None

    def test_a_page_can_have_10_000_rows(self) -> None:
        rows = [row(transaction_id=f"PA{nth}") for nth in range(10_000)]
        assert len(page_of(answers(200, page_body(*rows))).rows) == 10_000

    def test_a_page_over_the_size_limit_raises_no_answer(self) -> None:
        with pytest.raises(NoAnswer):
            page_of(answers(200, raw=b" " * (MAX_PAGE_BYTES + 1)))

    def test_a_byte_that_is_not_utf_8_does_not_hide_a_page(self) -> None:
        body = (
            json.dumps(page_body(row(customer="?"), row(transaction_id="PA2"))).encode().replace(b'"?"', b'"\xff\xfe"')
        )
        assert [type(each) for each in page_of(answers(200, raw=body)).rows] == [ListedRow, ListedRow]

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
    def test_a_failed_page_raises_one_of_three_errors(self, behaviour: Behaviour, error: type[GatewayError]) -> None:
        with rogue_server(behaviour) as server, pytest.raises(GatewayError) as caught:
            list_of(GatewayCalls(server, OLD)).page(SPAN, None, 0.4)
        assert type(caught.value) is error
