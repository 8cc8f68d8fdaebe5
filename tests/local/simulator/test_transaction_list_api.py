"""The transaction list: its rows, pages and cursors, and every fault that a client must survive."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import Any

import pytest
import urllib3
from urllib3.exceptions import HTTPError, ProtocolError, ReadTimeoutError

from local.simulator.control_client import Control, ControlError
from tests.local.simulator.merchant import Answer, Merchant

ORDER = "12524AGSDF34DS"
APPROVED = "4242424242424242"
LIST = "/api/v1/test-transactions"


def test_the_list_has_strings_and_masks(merchant: Merchant, control: Control) -> None:
    merchant.pay(card_number="5555555555554444")
    control.suspect(ORDER)
    listed = merchant.get(LIST).json
    (row,) = listed["data"]
    assert (row["amount"], row["card_number"], row["card_type"]) == ("100", "555555******4444", "MASTERCARD")
    assert (row["order_id"], row["status"], row["currency"]) == (ORDER, "SUCCESS", "GBP")
    assert (row["refund_date"], row["chargeback_date"]) == (None, None)
    assert row["created_at"].endswith("Z")
    assert row["suspicious_date"].endswith("Z")
    assert listed["meta"] == {
        "hasNextPage": False,
        "hasPrevPage": False,
        "nextCursor": None,
        "prevCursor": None,
        "totalCount": 1,
    }


def all_pages(merchant: Merchant, query: str = "", cursor: str = "nextCursor") -> list[list[str]]:
    pages, path = [], f"{LIST}?{query}"
    while True:
        listed = merchant.get(path).json
        pages.append([row["transaction_id"] for row in listed["data"]])
        if not listed["meta"][cursor]:
            return pages
        path = f"{LIST}?{query}&{cursor}={listed['meta'][cursor]}"


def test_pages_are_newest_first_and_without_gaps(merchant: Merchant, control: Control) -> None:
    control.switch(page_size=3)
    made = control.orphans(8, created_at="2026-01-01T00:00:00Z", seconds_apart=60)
    pages = all_pages(merchant)
    assert [len(page) for page in pages] == [3, 3, 2]
    assert list(chain(*pages)) == made[::-1]


def test_the_list_can_be_read_backwards(merchant: Merchant, control: Control) -> None:
    control.switch(page_size=2)
    made = control.orphans(6, created_at="2026-01-01T00:00:00Z", seconds_apart=60)[::-1]
    first = merchant.get(LIST).json
    second = merchant.get(f"{LIST}?nextCursor={first['meta']['nextCursor']}").json
    back = merchant.get(f"{LIST}?prevCursor={second['meta']['prevCursor']}").json
    assert [row["transaction_id"] for row in second["data"]] == made[2:4]
    assert back["data"] == first["data"]
    assert (back["meta"]["hasPrevPage"], back["meta"]["hasNextPage"]) == (False, True)


def test_a_charge_while_the_list_is_read_does_not_disturb_it(merchant: Merchant, control: Control) -> None:
    control.switch(page_size=2)
    made = control.orphans(4, created_at="2026-01-01T00:00:00Z", seconds_apart=60)[::-1]
    cursor = merchant.get(LIST).json["meta"]["nextCursor"]
    merchant.pay()
    control.forget(made[1])
    after = merchant.get(f"{LIST}?nextCursor={cursor}").json
    assert [row["transaction_id"] for row in after["data"]] == made[2:]


@pytest.mark.parametrize(
    ("first", "last", "count"),
    [("2026-01-02", "2026-01-03", 2), ("2026-01-04", "", 1), ("", "2026-01-01", 1), ("2026-02-01", "2026-01-01", 0)],
)
def test_the_range_has_whole_days_and_includes_both_ends(
    merchant: Merchant, control: Control, first: str, last: str, count: int
) -> None:
    control.switch(page_size=1)
    control.orphans(4, created_at="2026-01-01T23:59:59.999Z", seconds_apart=86_400)
    query = f"transaction_start_date={first}&transaction_end_date={last}"
    assert merchant.get(f"{LIST}?{query}").json["meta"]["totalCount"] == count
    assert len(list(chain(*all_pages(merchant, query)))) == count


@pytest.mark.parametrize(
    "query", ["transaction_start_date=yesterday", "transaction_end_date=2026-13-01", "nextCursor=x"]
)
def test_a_bad_query_is_refused(merchant: Merchant, query: str) -> None:
    assert merchant.get(f"{LIST}?{query}").code == 422


@pytest.fixture
def three_pages(control: Control) -> list[str]:
    """Six transactions, newest first, on pages of two."""
    control.switch(page_size=2)
    return control.orphans(6, created_at="2026-01-01T00:00:00Z", seconds_apart=60)[::-1]


def page_after(merchant: Merchant, cursor: str) -> Answer:
    return merchant.get(f"{LIST}?nextCursor={cursor}")


def shown(answer: Answer) -> list[str]:
    return [row["transaction_id"] for row in answer.json["data"]]


def cursor_in(answer: Answer) -> str:
    return str(answer.json["meta"]["nextCursor"])


@pytest.mark.parametrize(
    ("scenario", "code", "about"),
    [
        ("list-unavailable", 503, lambda it: list(it) == ["message"]),
        ("list-500", 500, lambda it: it == "not JSON"),
        ("list-bad-credentials", 401, lambda it: it == {"message": "Invalid Secret Key."}),
        ("list-garbage", 200, lambda it: it == "not JSON"),
        ("list-truncated", 200, lambda it: it == "not JSON"),
    ],
)
def test_a_page_fails_once(
    merchant: Merchant, control: Control, three_pages: list[str], scenario: str, code: int, about: Callable[[Any], bool]
) -> None:
    control.script(scenario, call="page")
    first = merchant.get(LIST)
    assert shown(first) == three_pages[:2]
    failed = page_after(merchant, cursor_in(first))
    try:
        body = failed.json
    except ValueError:
        body = "not JSON"
    assert (failed.code, about(body)) == (code, True)
    assert shown(page_after(merchant, cursor_in(first))) == three_pages[2:4]


@pytest.mark.parametrize(
    ("scenario", "error"),
    [
        ("list-timeout", ReadTimeoutError),
        ("list-reset", ProtocolError),
        ("list-cut-off", ProtocolError),
        ("list-slow", ReadTimeoutError),
        ("list-held", ReadTimeoutError),
        ("list-stalled", ReadTimeoutError),
    ],
)
def test_a_page_is_not_answered_in_time(
    merchant: Merchant, control: Control, scenario: str, error: type[HTTPError]
) -> None:
    control.script(scenario, call="list")
    impatient = Merchant(merchant.simulator, http=urllib3.PoolManager(retries=False, timeout=0.3))
    with pytest.raises(error):
        impatient.get(LIST)
    assert control.wait(list_requests=1)
    assert merchant.get(LIST).code == 200


def test_scenarios_are_used_page_by_page(merchant: Merchant, control: Control, three_pages: list[str]) -> None:
    control.script(call="page")
    control.script("list-unavailable", call="page")
    first = merchant.get(LIST)
    second = page_after(merchant, cursor_in(first))
    assert page_after(merchant, cursor_in(second)).code == 503
    assert shown(page_after(merchant, cursor_in(second))) == three_pages[4:]


def test_a_cursor_is_refused_once(merchant: Merchant, control: Control, three_pages: list[str]) -> None:
    control.script("cursor-refused", call="page")
    first = merchant.get(LIST)
    refused = page_after(merchant, cursor_in(first))
    assert (refused.code, refused.json) == (422, {"message": "Invalid cursor."})
    assert shown(page_after(merchant, cursor_in(first))) == three_pages[2:4]


def test_a_cursor_is_answered_with_itself(merchant: Merchant, control: Control, three_pages: list[str]) -> None:
    control.script("cursor-repeated", call="page")
    cursor = cursor_in(merchant.get(LIST))
    repeated = page_after(merchant, cursor)
    assert (cursor_in(repeated), repeated.json["meta"]["hasNextPage"]) == (cursor, True)
    again = page_after(merchant, cursor)
    assert shown(again) == shown(repeated) == three_pages[2:4]
    assert cursor_in(again) != cursor


def test_a_held_page_is_as_old_as_its_request_and_a_stalled_one_is_not(merchant: Merchant, control: Control) -> None:
    for scenario, count in (("list-held", 0), ("list-stalled", 2)):
        control.script(scenario, call="list")
        with ThreadPoolExecutor() as threads:
            answer = threads.submit(merchant.get, LIST)
            assert control.wait(held=True)
            control.orphan()
            control.release()
            assert len(shown(answer.result())) == count


def test_list_requests_are_shown_in_the_book(merchant: Merchant, control: Control) -> None:
    merchant.get(f"{LIST}?transaction_start_date=2026-01-01&nextCursor=x")
    (asked,) = control.book()["list_requests"]
    assert (asked["mode"], asked["query"]) == ("test", {"transaction_start_date": "2026-01-01", "nextCursor": "x"})


@pytest.mark.parametrize(
    "scenario",
    [
        {"scenario": "cursor-refused"},
        {"scenario": "cursor-repeated", "call": "list"},
        {"call": "list", "answer": "stale-cursor"},
        {"call": "list", "order_id": "order-1"},
        {"call": "page", "answer_lie": "amount"},
        {"call": "page", "scenario": "approve"},
        {"call": "card", "answer_lie": "cursor"},
    ],
)
def test_a_scenario_that_could_have_no_effect_is_refused(control: Control, scenario: dict[str, Any]) -> None:
    with pytest.raises(ControlError, match="422"):
        control.script(**scenario)
    assert control.scripted() == []


def test_one_transaction_can_be_hidden_in_the_list_alone(
    merchant: Merchant, control: Control, three_pages: list[str]
) -> None:
    control.list_as(three_pages[2], hidden=True)
    control.list_as(three_pages[2], hidden=True)
    assert list(chain(*all_pages(merchant))) == three_pages[:2] + three_pages[3:]
    assert merchant.get(LIST).json["meta"]["totalCount"] == 5
    assert merchant.status(three_pages[2]).code == 200
    control.list_as(three_pages[2])
    control.list_as(three_pages[2])
    assert list(chain(*all_pages(merchant))) == three_pages
    control.list_as(three_pages[0], hidden=True)
    control.forget(three_pages[0])
    assert list(chain(*all_pages(merchant))) == three_pages[1:]


def test_a_row_can_lag_behind_its_transaction(merchant: Merchant, control: Control) -> None:
    url = merchant.pay().json["redirect_url"]
    control.list_as(ORDER, stale=True)
    merchant.press(url, decision="approve")
    assert merchant.status(ORDER).json["status"] == "SUCCESS"
    assert merchant.get(LIST).json["data"][0]["status"] == "REDIRECT"
    control.refund(ORDER)
    row = merchant.get(LIST).json["data"][0]
    assert (row["status"], row["refund_date"]) == ("SUCCESS", None)
    control.list_as(ORDER)
    assert merchant.get(LIST).json["data"][0]["refund_date"].endswith("Z")


def test_a_row_can_have_other_values(merchant: Merchant, control: Control) -> None:
    merchant.pay(card_number=APPROVED)
    control.list_as(ORDER, status="PENDING", amount="1.00", order_id=None, created_at="soon")
    (row,) = merchant.get(LIST).json["data"]
    shown_row = (row["status"], row["amount"], row["order_id"], row["created_at"], row["currency"])
    assert shown_row == ("PENDING", "1.00", None, "soon", "GBP")
    assert merchant.status(ORDER).json["status"] == "SUCCESS"
    with pytest.raises(ControlError, match="422"):
        control.list_as(ORDER, nonsense=1)
    with pytest.raises(ControlError, match="404"):
        control.list_as("nobody", hidden=True)


def test_orphans_are_numbered_by_a_placeholder_in_their_order_id(merchant: Merchant, control: Control) -> None:
    made = control.orphans(3, order_id="bulk-{n}", created_at="2026-01-01T00:00:00Z", seconds_apart=1)
    assert [row["order_id"] for row in merchant.get(LIST).json["data"]] == ["bulk-2", "bulk-1", "bulk-0"]
    assert control.transaction("bulk-1")["transaction_id"] == made[1]
    with pytest.raises(ControlError, match="422"):
        control.orphans(1, ammount=5)


@pytest.mark.slow
def test_a_hundred_thousand_rows_are_read_to_their_end(merchant: Merchant, control: Control) -> None:
    """Five seconds on an idle machine. Were a page slower in a longer list, the test would exceed its time limit."""
    made = control.orphans(100_000, created_at="2026-01-01T00:00:00Z", seconds_apart=1)
    control.switch(page_size=500)
    rows, path = [], LIST
    while path:
        body = json.loads(merchant.get(path).raw)
        rows += [row["transaction_id"] for row in body["data"]]
        path = body["meta"]["nextCursor"] and f"{LIST}?nextCursor={body['meta']['nextCursor']}"
    assert rows == made[::-1]
