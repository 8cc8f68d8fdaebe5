"""Every scenario behaves as its name says, and the control API shows the real state."""

import contextlib
import json
from collections.abc import Callable
from typing import Any

import pytest
import urllib3
from urllib3.exceptions import HTTPError, ProtocolError, ReadTimeoutError

from local.simulator.cards import CARDS
from local.simulator.control_client import Control
from local.simulator.scenarios import SCENARIOS
from tests.local.simulator.merchant import PAYMENT, Merchant, encrypted

ORDER = "12524AGSDF34DS"


def impatient(merchant: Merchant, seconds: float = 0.3) -> Merchant:
    return Merchant(merchant.simulator, http=urllib3.PoolManager(retries=False, timeout=seconds))


def stored_status(control: Control) -> str | None:
    transactions = control.book()["transactions"]
    return transactions[0]["status"] if transactions else None


VERDICTS = {
    "approve": "SUCCESS",
    "decline": "FAILED",
    "blocked": "BLOCKED",
    "redirect": "REDIRECT",
    "pending": "PENDING",
    "init": "INIT",
    "abandoned": "ABANDONED",
    "unknown-status": "QUARANTINED",
}


@pytest.mark.parametrize(("scenario", "status"), VERDICTS.items())
def test_a_plain_answer_has_the_status(merchant: Merchant, control: Control, scenario: str, status: str) -> None:
    control.script(scenario)
    answer = merchant.pay()
    assert (answer.code, answer.json["status"], stored_status(control)) == (200, status, status)
    assert ("redirect_url" in answer.json) == (status == "REDIRECT")


@pytest.mark.parametrize(
    ("scenario", "error", "status"),
    [
        ("charged-then-timeout", ReadTimeoutError, "SUCCESS"),
        ("charged-then-reset", ProtocolError, "SUCCESS"),
        ("charged-then-cut-off", ProtocolError, "SUCCESS"),
        ("slow", ReadTimeoutError, "SUCCESS"),
        ("held", ReadTimeoutError, "SUCCESS"),
        ("uncharged-timeout", ReadTimeoutError, None),
        ("uncharged-reset", ProtocolError, None),
    ],
)
def test_no_answer_in_time(
    merchant: Merchant, control: Control, scenario: str, error: type[HTTPError], status: str | None
) -> None:
    control.script(scenario)
    with pytest.raises(error):
        impatient(merchant).pay()
    assert control.wait(ORDER, posts=1)
    assert stored_status(control) == status
    assert control.book()["posts"] == {ORDER: 1}


def test_the_connection_is_closed_after_the_silence(merchant: Merchant, control: Control) -> None:
    control.script("charged-then-timeout", answer_seconds=0.05)
    with pytest.raises(ProtocolError):
        merchant.pay()


def test_a_cut_off_answer_is_shorter_than_its_content_length(merchant: Merchant, control: Control) -> None:
    control.script("charged-then-cut-off")
    with pytest.raises(ProtocolError, match=r"[1-9]\d* bytes read, [1-9]\d* more expected"):
        merchant.pay()


def test_a_reset_is_a_reset(merchant: Merchant, control: Control) -> None:
    control.script("charged-then-reset")
    with pytest.raises(ProtocolError) as caught:
        merchant.pay()
    assert isinstance(caught.value.args[1], ConnectionResetError)


@pytest.mark.parametrize(
    ("scenario", "code", "about", "status"),
    [
        ("charged-then-500", 500, lambda it: it == "not JSON", "SUCCESS"),
        ("uncharged-500", 500, lambda it: it == "not JSON", None),
        ("garbage", 200, lambda it: it == "not JSON", "SUCCESS"),
        ("truncated", 200, lambda it: it == "not JSON", "SUCCESS"),
        ("envelope-with-500", 500, lambda it: it["status"] == "SUCCESS", "SUCCESS"),
        ("refused-422", 422, lambda it: it["errors"][0]["field"] == "phone_number" and "data" not in it, None),
        ("refused-400", 400, lambda it: list(it) == ["message"], None),
        ("bad-credentials", 401, lambda it: it == {"message": "Invalid Secret Key."}, None),
        ("forbidden", 403, lambda it: list(it) == ["message"], None),
        ("unavailable", 503, lambda it: list(it) == ["message"], None),
        ("wrong-amount", 200, lambda it: it["data"]["amount"] == 10_000, "SUCCESS"),
        ("wrong-currency", 200, lambda it: it["data"]["currency"] == "EUR", "SUCCESS"),
        ("wrong-order-id", 200, lambda it: it["data"]["order_id"] not in {ORDER, None}, "SUCCESS"),
    ],
)
def test_a_faulty_answer(
    merchant: Merchant,
    control: Control,
    scenario: str,
    code: int,
    about: Callable[[Any], bool],
    status: str | None,
) -> None:
    control.script(scenario)
    answer = merchant.pay()
    assert answer.code == code
    assert about(answer.json_or_none)
    assert stored_status(control) == status


def test_the_answer_may_have_a_wrong_transaction_id(merchant: Merchant, control: Control) -> None:
    control.script("wrong-transaction-id")
    transaction_id = merchant.pay().json["data"]["transaction_id"]
    assert transaction_id != control.transaction(ORDER)["transaction_id"]
    assert merchant.status(transaction_id).code == 404


def test_a_client_that_follows_the_redirect_sends_the_card_twice(merchant: Merchant, control: Control) -> None:
    control.script("elsewhere")
    answer = merchant.pay()
    assert (answer.code, answer.headers["Location"]) == (307, "/api/v1/test/card")
    control.reset()
    control.script("elsewhere")
    with urllib3.PoolManager() as follower:
        payload = encrypted(json.dumps(PAYMENT).encode(), merchant.simulator.credentials.encryption_key)
        url = f"{merchant.simulator.url}/api/v1/test/card"
        follower.request("POST", url, json={"payload": payload}, headers=merchant.bearer)
    assert control.book()["posts"] == {ORDER: 2}


def test_a_slow_answer_is_complete(merchant: Merchant, control: Control) -> None:
    control.script("slow", answer_seconds=0.05)
    assert merchant.pay().json["status"] == "SUCCESS"


def test_a_slow_drip_stays_within_the_time_out_of_every_read(merchant: Merchant, control: Control) -> None:
    control.script("slow-drip", answer_seconds=0.001)
    assert impatient(merchant).pay().json["status"] == "SUCCESS"


def test_a_too_large_answer_has_the_scripted_size(merchant: Merchant, control: Control) -> None:
    control.script("too-large", answer_bytes=300_001)
    answer = merchant.pay()
    assert len(answer.raw.lstrip()) == len(answer.raw) - 300_001
    assert answer.json["status"] == "SUCCESS"


def test_a_client_can_abandon_a_too_large_answer(merchant: Merchant, control: Control) -> None:
    control.script("too-large")
    payload = encrypted(json.dumps(PAYMENT).encode(), merchant.simulator.credentials.encryption_key)
    url = f"{merchant.simulator.url}/api/v1/test/card"
    answer = merchant.http.request(
        "POST", url, json={"payload": payload}, headers=merchant.bearer, preload_content=False
    )
    assert int(answer.headers["Content-Length"]) > 100 * 1024 * 1024
    assert len(answer.read(1000)) == 1000
    answer.close()
    assert merchant.status(ORDER).code == 200


def test_a_held_answer_is_sent_on_release(merchant: Merchant, control: Control) -> None:
    control.script("held")
    with pytest.raises(ReadTimeoutError):
        impatient(merchant).pay()
    assert control.wait(ORDER, held=True, status="SUCCESS")
    assert [one["order_id"] for one in control.held()] == [ORDER]
    assert control.release("somebody-else") == 0
    assert control.release(ORDER) == 1
    assert control.wait(ORDER, held=False)


def test_a_stalled_request_takes_effect_on_release(merchant: Merchant, control: Control) -> None:
    control.script("stalled")
    with pytest.raises(ReadTimeoutError):
        impatient(merchant).pay()
    assert merchant.status(ORDER).code == 404
    assert control.release(ORDER) == 1
    assert control.wait(ORDER, status="SUCCESS")
    assert control.book()["posts"] == {ORDER: 1}


def test_the_status_endpoint_lags_behind_a_decision(merchant: Merchant, control: Control) -> None:
    control.script("redirect", status="lagging", status_times=2)
    url = merchant.pay().json["redirect_url"]
    assert [merchant.status(ORDER).json["status"] for _ in range(3)] == ["REDIRECT"] * 3
    merchant.press(url, decision="approve")
    assert [merchant.status(ORDER).json["status"] for _ in range(3)] == ["REDIRECT", "REDIRECT", "SUCCESS"]


def test_the_status_may_be_missing_at_first(merchant: Merchant, control: Control) -> None:
    control.script("status-404-then-found", status_times=3)
    merchant.pay()
    assert [merchant.status(ORDER).code for _ in range(5)] == [404, 404, 404, 200, 200]


def test_the_status_may_be_unavailable_at_first(merchant: Merchant, control: Control) -> None:
    control.script("status-unavailable")
    merchant.pay()
    assert [merchant.status(ORDER).code for _ in range(3)] == [503, 503, 200]


def test_the_status_endpoint_may_be_wrong(merchant: Merchant, control: Control) -> None:
    control.script("approve", status_lie="amount")
    assert merchant.pay().json["data"]["amount"] == 100
    assert merchant.status(ORDER).json["data"]["amount"] == "10000"


UNANSWERED = {"timeout", "reset", "cut-off", "slow", "slow-drip", "held", "stalled", "too-large"}


@pytest.mark.parametrize(("number", "scenario"), CARDS.items())
def test_each_card_plays_its_scenario(merchant: Merchant, control: Control, number: str, scenario: str) -> None:
    if SCENARIOS[scenario].answer in UNANSWERED:
        with contextlib.suppress(HTTPError):
            impatient(merchant, 0.1).pay(card_number=number)  # less than the pause between two bytes
        assert control.wait(ORDER, posts=1)
    else:
        assert merchant.pay(card_number=number).code in {200, 307, 400, 401, 403, 422, 500, 503}
    assert control.book()["requests"][0]["play"] == SCENARIOS[scenario].summary()


def test_every_scenario_has_a_card() -> None:
    assert set(CARDS.values()) == set(SCENARIOS)
    assert PAYMENT["card_number"] in CARDS
