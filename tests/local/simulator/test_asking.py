"""Status, refunds and the transaction list."""

from itertools import chain
from typing import Any

import pytest

from local.simulator.control import Control
from tests.local.simulator.merchant import Merchant

ORDER = "12524AGSDF34DS"
APPROVED = "4242424242424242"


def test_status_answers_to_both_names_with_the_amount_as_a_string(merchant: Merchant) -> None:
    paid = merchant.pay(card_number=APPROVED).said
    by_order, by_id = merchant.status(ORDER), merchant.status(paid["data"]["transaction_id"])
    assert by_order.said == by_id.said
    assert by_order.said == paid | {"data": paid["data"] | {"amount": "100"}}


def test_status_of_a_stranger_is_not_found_with_a_bare_message(merchant: Merchant) -> None:
    answer = merchant.status("nobody")
    assert (answer.code, list(answer.said)) == (404, ["message"])


def test_status_of_an_order_with_several_transactions_is_the_latest(merchant: Merchant, control: Control) -> None:
    control.switch(refuse_duplicates=False)
    merchant.pay(card_number="4000000000000002")
    latest = merchant.pay(card_number=APPROVED).said["data"]["transaction_id"]
    assert merchant.status(ORDER).said["data"]["transaction_id"] == latest


def test_status_can_be_down(merchant: Merchant, control: Control) -> None:
    merchant.pay()
    control.switch(status_unavailable=True)
    assert merchant.status(ORDER).code == 503
    control.switch(status_unavailable=False)
    assert merchant.status(ORDER).code == 200
    assert control.book()["status_requests"] == {ORDER: 2}


def test_a_refund_is_a_flag_beside_the_status(merchant: Merchant, control: Control) -> None:
    transaction_id = merchant.pay(card_number=APPROVED).said["data"]["transaction_id"]
    answer = merchant.refund(transaction_id)
    assert (answer.code, answer.said["status"]) == (200, "SUCCESS")
    assert answer.said["data"]["refund"]["status"] is True
    assert answer.said["data"]["refund"]["refund_date"].endswith("Z")
    assert answer.said["data"]["amount"] == 100
    assert merchant.status(ORDER).said["data"]["refund"] == answer.said["data"]["refund"]
    again = merchant.refund(transaction_id)
    assert (again.code, again.said) == (400, {"message": "Transaction has already been refunded."})
    assert control.book()["refund_requests"] == 2


def test_what_was_charged_back_is_not_refunded(merchant: Merchant, control: Control) -> None:
    transaction_id = merchant.pay(card_number=APPROVED).said["data"]["transaction_id"]
    control.charge_back(ORDER)
    assert merchant.refund(transaction_id).said == {"message": "Transaction has already been charged back."}
    assert merchant.status(ORDER).said["data"]["chargeback"]["status"] is True


def test_only_a_successful_payment_is_refunded(merchant: Merchant) -> None:
    transaction_id = merchant.pay(card_number="4000000000000002").said["data"]["transaction_id"]
    assert merchant.refund(transaction_id).code == 400
    assert merchant.refund("PA0000000000000000").code == 404


@pytest.mark.parametrize("more", [{"amount": 50}, {"reason": None}, {"transaction_id": 5}, {"transaction_id": None}])
def test_a_refund_takes_an_id_and_a_reason_and_no_more(merchant: Merchant, more: dict[str, Any]) -> None:
    transaction_id = merchant.pay(card_number=APPROVED).said["data"]["transaction_id"]
    refused = merchant.refund(transaction_id, **more)
    assert (refused.code, refused.said["errors"][0]["field"]) == (422, next(iter(more)))
    assert merchant.status(ORDER).said["data"]["refund"]["status"] is False


def test_a_refund_can_be_made_and_not_answered(merchant: Merchant, control: Control) -> None:
    transaction_id = merchant.pay(card_number=APPROVED).said["data"]["transaction_id"]
    control.script("uncharged-500", call="refund")
    assert merchant.refund(transaction_id).code == 500
    assert merchant.status(ORDER).said["data"]["refund"]["status"] is False
    control.script("charged-then-500", call="refund", order_id=ORDER)
    assert merchant.refund(transaction_id).code == 500
    assert merchant.status(ORDER).said["data"]["refund"]["status"] is True


def test_the_list_has_strings_and_masks(merchant: Merchant, control: Control) -> None:
    merchant.pay(card_number="5555555555554444")
    control.suspect(ORDER)
    listed = merchant.get("/api/v1/test-transactions").said
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


def walk(merchant: Merchant, query: str = "", cursor: str = "nextCursor") -> list[list[str]]:
    pages, path = [], f"/api/v1/test-transactions?{query}"
    while True:
        listed = merchant.get(path).said
        pages.append([row["transaction_id"] for row in listed["data"]])
        if not listed["meta"][cursor]:
            return pages
        path = f"/api/v1/test-transactions?{query}&{cursor}={listed['meta'][cursor]}"


def test_pages_are_walked_newest_first_and_without_gaps(merchant: Merchant, control: Control) -> None:
    control.switch(page_size=3)
    made = control.orphans(8, created_at="2026-01-01T00:00:00Z", seconds_apart=60)
    pages = walk(merchant)
    assert [len(page) for page in pages] == [3, 3, 2]
    assert list(chain(*pages)) == made[::-1]


def test_the_list_can_be_walked_back(merchant: Merchant, control: Control) -> None:
    control.switch(page_size=2)
    made = control.orphans(6, created_at="2026-01-01T00:00:00Z", seconds_apart=60)[::-1]
    first = merchant.get("/api/v1/test-transactions").said
    second = merchant.get(f"/api/v1/test-transactions?nextCursor={first['meta']['nextCursor']}").said
    back = merchant.get(f"/api/v1/test-transactions?prevCursor={second['meta']['prevCursor']}").said
    assert [row["transaction_id"] for row in second["data"]] == made[2:4]
    assert back["data"] == first["data"]
    assert (back["meta"]["hasPrevPage"], back["meta"]["hasNextPage"]) == (False, True)


def test_what_is_charged_during_a_walk_does_not_disturb_it(merchant: Merchant, control: Control) -> None:
    control.switch(page_size=2)
    made = control.orphans(4, created_at="2026-01-01T00:00:00Z", seconds_apart=60)[::-1]
    cursor = merchant.get("/api/v1/test-transactions").said["meta"]["nextCursor"]
    merchant.pay()
    control.forget(made[1])
    after = merchant.get(f"/api/v1/test-transactions?nextCursor={cursor}").said
    assert [row["transaction_id"] for row in after["data"]] == made[2:]


@pytest.mark.parametrize(
    ("first", "last", "count"),
    [("2026-01-02", "2026-01-03", 2), ("2026-01-04", "", 1), ("", "2026-01-01", 1), ("2026-02-01", "2026-01-01", 0)],
)
def test_days_are_whole_and_both_ends_count(
    merchant: Merchant, control: Control, first: str, last: str, count: int
) -> None:
    control.switch(page_size=1)
    control.orphans(4, created_at="2026-01-01T23:59:59.999Z", seconds_apart=86_400)
    query = f"transaction_start_date={first}&transaction_end_date={last}"
    assert merchant.get(f"/api/v1/test-transactions?{query}").said["meta"]["totalCount"] == count
    assert len(list(chain(*walk(merchant, query)))) == count


@pytest.mark.parametrize(
    "query", ["transaction_start_date=yesterday", "transaction_end_date=2026-13-01", "nextCursor=x"]
)
def test_a_bad_query_is_refused(merchant: Merchant, query: str) -> None:
    assert merchant.get(f"/api/v1/test-transactions?{query}").code == 422


def test_a_page_costs_the_page_however_long_the_list(merchant: Merchant, control: Control) -> None:
    control.switch(page_size=10_000)
    control.orphans(40_000, created_at="2026-01-01T00:00:00Z", seconds_apart=1)
    assert [len(page) for page in walk(merchant)] == [10_000] * 4
