"""GET /charges?order_id=: the payments of an order page by page, and the limit of an order's attempts."""

from collections.abc import Iterable, Mapping

import pytest

from payments.charging.claim import MAX_ATTEMPTS
from payments.model.payment import Payment
from tests.charge.charge_api import ChargeApi, Response, problem
from tests.fakes.gateway import Answers
from tests.recorded_events import recorded

ORDER = recorded("charge-attempts")["queryStringParameters"]["order_id"]


def attempts(api: ChargeApi, order_id: str = ORDER, **query: str) -> Response:
    return api.send(recorded("charge-attempts", queryStringParameters={"order_id": order_id, **query}))


def declined(api: ChargeApi, times: int, **fields: str) -> list[str]:
    """The ids of so many declined payments for the order."""
    api.gateway.script_charges(*[Answers("FAILED")] * times)
    return [api.charge(f"{fields.get('order_id', 'key')}-{nth}", **fields).json["id"] for nth in range(times)]


def pages(api: ChargeApi, **query: str) -> list[list[str]]:
    """The ids on each page, until no page follows."""
    found = []
    cursor: dict[str, str] = {}
    while True:
        page = attempts(api, **query, **cursor)
        assert page.status == 200
        found.append([payment["id"] for payment in page.json["data"]])
        if "next_cursor" not in page.json:
            return found
        cursor = {"cursor": page.json["next_cursor"]}


@pytest.mark.parametrize(("limit", "sizes"), [("1", [1] * 5), ("2", [2, 2, 1]), ("5", [5]), ("100", [5])])
def test_pages_list_each_payment_once_the_oldest_first(api: ChargeApi, limit: str, sizes: list[int]) -> None:
    ids = declined(api, 5)
    found = pages(api, limit=limit)
    assert [len(page) for page in found] == sizes
    assert [payment_id for page in found for payment_id in page] == ids


def test_a_page_has_twenty_payments_by_default(api: ChargeApi) -> None:
    ids = declined(api, 21)
    assert pages(api) == [ids[:20], ids[20:]]


def test_a_page_is_read_in_one_batch(api: ChargeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = declined(api, 3)
    batches: list[list[str]] = []
    several = api.ledger.several

    def counted(payment_ids: Iterable[str]) -> Mapping[str, Payment]:
        batches.append(list(payment_ids))
        return several(batches[-1])

    monkeypatch.setattr(api.ledger, "several", counted)
    monkeypatch.setattr(api.ledger, "get", None)
    assert pages(api, limit="2") == [ids[:2], ids[2:]]
    assert batches == [ids[:2], ids[2:]]


def test_a_payment_made_between_two_pages_is_on_the_next_one(api: ChargeApi) -> None:
    ids = declined(api, 3)
    cursor = attempts(api, limit="2").json["next_cursor"]
    later = api.charge("key-later").json["id"]
    page = attempts(api, limit="2", cursor=cursor).json
    assert [payment["id"] for payment in page["data"]] == [ids[2], later]


def test_a_cursor_shows_no_id_and_fits_into_a_url(api: ChargeApi) -> None:
    declined(api, 2)
    cursor = attempts(api, limit="1").json["next_cursor"]
    assert "pay_" not in cursor
    assert cursor.replace("-", "").replace("_", "").isalnum()


def test_a_cursor_of_another_order_is_refused(api: ChargeApi) -> None:
    declined(api, 2)
    declined(api, 2, order_id="another-order")
    cursor = attempts(api, limit="1").json["next_cursor"]
    assert problem(attempts(api, "another-order", cursor=cursor)) == (400, "cursor_invalid", "never")
    assert problem(attempts(api, "never-used", cursor=cursor)) == (400, "cursor_invalid", "never")


@pytest.mark.parametrize(
    "cursor",
    ["", "1", "%%%", "a" * 5000, "pay_abc", "é", "\ud800", "cGF5X2E", "AAAAA"],
)
def test_a_damaged_cursor_is_refused(api: ChargeApi, cursor: str) -> None:
    declined(api, 2)
    assert problem(attempts(api, cursor=cursor)) == (400, "cursor_invalid", "never")


@pytest.mark.parametrize("limit", ["", "0", "-1", "101", "1.0", "1e1", "٣", "²", " 1", "x", "9" * 5000, "\ud800"])
def test_a_limit_out_of_range_is_refused(api: ChargeApi, limit: str) -> None:
    assert problem(attempts(api, limit=limit)) == (400, "limit_invalid", "never")


def test_an_order_with_all_its_attempts_is_409_with_its_last_payment(api: ChargeApi) -> None:
    last = declined(api, MAX_ATTEMPTS)[-1]
    refused = api.charge("one-more")
    assert problem(refused) == (409, "order_attempts_exhausted", "never")
    assert refused.json["payment_id"] == last
    assert refused.headers["Location"].endswith(f"/charges/{last}")
    assert "100" in refused.json["title"]
    assert [len(page) for page in pages(api, limit="100")] == [100]
