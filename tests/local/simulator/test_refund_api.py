"""Refunds: every fault that a client must survive, and the state that the control API shows."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import urllib3
from urllib3.exceptions import HTTPError, ProtocolError, ReadTimeoutError

from local.simulator.control_client import Control, ControlError
from tests.local.simulator.merchant import Answer, Merchant

ORDER = "12524AGSDF34DS"
APPROVED = "4242424242424242"


@pytest.fixture
def paid(merchant: Merchant) -> str:
    """The transaction_id of a payment that succeeded."""
    return str(merchant.pay(card_number=APPROVED).json["data"]["transaction_id"])


def impatient(merchant: Merchant) -> Merchant:
    return Merchant(merchant.simulator, http=urllib3.PoolManager(retries=False, timeout=0.3))


def is_refunded(control: Control) -> bool:
    return control.transaction(ORDER)["refunded_at"] is not None


def flagged(answer: Answer) -> bool:
    flag: bool = answer.json["data"]["refund"]["status"]
    return flag


def test_a_refund_is_a_flag_beside_the_status(merchant: Merchant, control: Control) -> None:
    transaction_id = merchant.pay(card_number=APPROVED).json["data"]["transaction_id"]
    answer = merchant.refund(transaction_id)
    assert (answer.code, answer.json["status"]) == (200, "SUCCESS")
    assert answer.json["data"]["refund"]["status"] is True
    assert answer.json["data"]["refund"]["refund_date"].endswith("Z")
    assert answer.json["data"]["amount"] == 100
    assert merchant.status(ORDER).json["data"]["refund"] == answer.json["data"]["refund"]
    again = merchant.refund(transaction_id)
    assert (again.code, again.json) == (400, {"message": "Transaction has already been refunded."})
    book = control.book()
    assert (book["refund_requests"], book["refund_posts"]) == (2, {transaction_id: 2, ORDER: 2})


def test_a_charged_back_payment_is_not_refunded(merchant: Merchant, control: Control) -> None:
    transaction_id = merchant.pay(card_number=APPROVED).json["data"]["transaction_id"]
    control.charge_back(ORDER)
    assert merchant.refund(transaction_id).json == {"message": "Transaction has already been charged back."}
    assert merchant.status(ORDER).json["data"]["chargeback"]["status"] is True


def test_only_a_successful_payment_is_refunded(merchant: Merchant) -> None:
    transaction_id = merchant.pay(card_number="4000000000000002").json["data"]["transaction_id"]
    assert merchant.refund(transaction_id).code == 400
    assert merchant.refund("PA0000000000000000").code == 404
    assert merchant.refund(ORDER).code == 404


@pytest.mark.parametrize("more", [{"amount": 50}, {"reason": None}, {"transaction_id": 5}, {"transaction_id": None}])
def test_a_refund_takes_an_id_and_a_reason_and_no_more(merchant: Merchant, more: dict[str, Any]) -> None:
    transaction_id = merchant.pay(card_number=APPROVED).json["data"]["transaction_id"]
    refused = merchant.refund(transaction_id, **more)
    assert (refused.code, refused.json["errors"][0]["field"]) == (422, next(iter(more)))
    assert merchant.status(ORDER).json["data"]["refund"]["status"] is False


@pytest.mark.parametrize(
    ("scenario", "error", "done"),
    [
        ("refunded-then-timeout", ReadTimeoutError, True),
        ("refunded-then-timeout-status-lags", ReadTimeoutError, True),
        ("refunded-then-reset", ProtocolError, True),
        ("refunded-then-cut-off", ProtocolError, True),
        ("refunded-slowly", ReadTimeoutError, True),
        ("refunded-then-held", ReadTimeoutError, True),
        ("refund-stalled", ReadTimeoutError, False),
        ("not-refunded-timeout", ReadTimeoutError, False),
        ("not-refunded-reset", ProtocolError, False),
    ],
)
def test_no_answer(
    merchant: Merchant, control: Control, paid: str, *, scenario: str, error: type[HTTPError], done: bool
) -> None:
    control.script(scenario, call="refund", order_id=ORDER)
    with pytest.raises(error):
        impatient(merchant).refund(paid)
    assert control.wait(ORDER, refund_posts=1)
    assert is_refunded(control) is done
    assert control.book()["refund_posts"] == {paid: 1, ORDER: 1}


@pytest.mark.parametrize(
    ("scenario", "code", "about", "done"),
    [
        ("refunded", 200, lambda it: it["data"]["refund"]["status"] is True, True),
        ("refunded-then-500", 500, lambda it: it == "not JSON", True),
        ("refunded-then-503", 503, lambda it: list(it) == ["message"], True),
        ("refunded-then-garbage", 200, lambda it: it == "not JSON", True),
        ("refunded-then-truncated", 200, lambda it: it == "not JSON", True),
        ("refunded-then-elsewhere", 307, lambda it: it == "not JSON", True),
        ("refunded-with-500", 500, lambda it: it["data"]["refund"]["status"] is True, True),
        ("refunded-unflagged", 200, lambda it: it["data"]["refund"] == {"status": False, "refund_date": None}, True),
        ("refunded-but-refused", 400, lambda it: list(it) == ["message"], True),
        ("refunded-wrong-amount", 200, lambda it: it["data"]["amount"] == 10_000, True),
        ("refunded-wrong-currency", 200, lambda it: it["data"]["currency"] == "EUR", True),
        ("refunded-wrong-order-id", 200, lambda it: it["data"]["order_id"] != ORDER, True),
        ("not-refunded-500", 500, lambda it: it == "not JSON", False),
        ("not-refunded-garbage", 200, lambda it: it == "not JSON", False),
        ("not-refunded-unflagged", 200, lambda it: it["data"]["refund"]["status"] is False, False),
        ("not-refunded-but-flagged", 200, lambda it: it["data"]["refund"]["refund_date"].endswith("Z"), False),
        ("refund-refused-422", 422, lambda it: it["errors"][0]["field"] == "reason" and "data" not in it, False),
        ("refund-refused-400", 400, lambda it: list(it) == ["message"], False),
        ("refund-bad-credentials", 401, lambda it: it == {"message": "Invalid Secret Key."}, False),
        ("refund-forbidden", 403, lambda it: list(it) == ["message"], False),
        ("refund-unavailable", 503, lambda it: list(it) == ["message"], False),
        ("already-refunded", 400, lambda it: it == {"message": "Transaction has already been refunded."}, False),
        ("already-charged-back", 400, lambda it: it["message"].endswith("already been charged back."), False),
    ],
)
def test_odd_answers(
    merchant: Merchant,
    control: Control,
    paid: str,
    *,
    scenario: str,
    code: int,
    about: Callable[[Any], bool],
    done: bool,
) -> None:
    control.script(scenario, call="refund")
    answer = merchant.refund(paid)
    assert answer.code == code
    assert about(answer.json_or_none)
    assert is_refunded(control) is done
    assert flagged(merchant.status(ORDER)) is done
    assert control.book()["requests"][-1]["became"] == ("refunded" if done else "nothing was refunded")


def test_the_answer_may_name_another_transaction(merchant: Merchant, control: Control, paid: str) -> None:
    control.script("refunded-wrong-transaction-id", call="refund")
    transaction_id = merchant.refund(paid).json["data"]["transaction_id"]
    assert transaction_id != paid
    assert merchant.status(transaction_id).code == 404
    assert is_refunded(control)


def test_the_status_endpoint_shows_the_refund_late(merchant: Merchant, control: Control, paid: str) -> None:
    control.script("refunded-status-lags", call="refund", status_times=3)
    assert flagged(merchant.status(ORDER)) is False
    assert flagged(merchant.refund(paid)) is True
    assert [flagged(merchant.status(name)) for name in (ORDER, paid, ORDER, paid, ORDER)] == [False] * 3 + [True] * 2


def test_the_status_endpoint_can_be_down_after_a_refund(merchant: Merchant, control: Control, paid: str) -> None:
    control.script("not-refunded-500", call="refund", status="unavailable", status_times=2)
    assert merchant.refund(paid).code == 500
    assert [merchant.status(ORDER).code for _ in range(3)] == [503, 503, 200]


def test_the_status_endpoint_can_deny_a_refund_for_good(merchant: Merchant, control: Control, paid: str) -> None:
    control.script("refunded", call="refund", status_lie="refund")
    assert flagged(merchant.refund(paid)) is True
    assert [flagged(merchant.status(ORDER)) for _ in range(3)] == [False] * 3


def test_the_status_does_not_lag_after_a_refund_that_was_not_made(merchant: Merchant, control: Control) -> None:
    url = merchant.pay().json["redirect_url"]
    merchant.press(url, decision="approve")
    control.script("not-refunded-500", call="refund", status="lagging")
    merchant.refund(control.transaction(ORDER)["transaction_id"])
    assert merchant.status(ORDER).json["status"] == "SUCCESS"


def test_a_held_answer_is_sent_on_release(merchant: Merchant, control: Control, paid: str) -> None:
    control.script("refunded-then-held", call="refund")
    with ThreadPoolExecutor() as threads:
        answer = threads.submit(merchant.refund, paid)
        assert control.wait(paid, held=True, refunded=True)
        assert control.release(paid) == 1
        assert flagged(answer.result()) is True


def test_a_stalled_refund_is_made_on_release(merchant: Merchant, control: Control, paid: str) -> None:
    control.script("refund-stalled", call="refund")
    with pytest.raises(ReadTimeoutError):
        impatient(merchant).refund(paid)
    assert flagged(merchant.status(ORDER)) is False
    control.release(ORDER)
    assert control.wait(ORDER, refunded=True)


def test_a_chargeback_overtakes_a_stalled_refund(merchant: Merchant, control: Control, paid: str) -> None:
    control.script("refund-stalled", call="refund")
    with ThreadPoolExecutor() as threads:
        answer = threads.submit(merchant.refund, paid)
        assert control.wait(paid, held=True)
        control.charge_back(ORDER)
        control.release()
        refused = answer.result()
    assert (refused.code, refused.json) == (400, {"message": "Transaction has already been charged back."})
    assert not is_refunded(control)


def test_two_refunds_of_one_payment_can_be_held_and_released(merchant: Merchant, control: Control, paid: str) -> None:
    for _ in range(2):
        control.script("refund-stalled", call="refund")
    with ThreadPoolExecutor() as threads:
        answers = [threads.submit(Merchant(merchant.simulator).refund, paid) for _ in range(2)]
        assert control.wait(paid, held=2)
        assert control.release(paid) == 2
        codes = sorted(answer.result().code for answer in answers)
    assert codes == [200, 400]
    assert control.book()["refund_posts"][paid] == 2


def test_a_request_that_is_stalled_during_a_reset_has_no_effect(merchant: Merchant, control: Control) -> None:
    control.script("stalled")
    with ThreadPoolExecutor() as threads:
        answer = threads.submit(merchant.pay)
        assert control.wait(held=True)
        control.reset()
        assert answer.result().code == 503
    assert control.book()["transactions"] == []


def test_a_scenario_for_one_order_is_for_the_refund_of_that_order(
    merchant: Merchant, control: Control, paid: str
) -> None:
    other = merchant.pay(card_number=APPROVED, order_id="other").json["data"]["transaction_id"]
    control.script("refund-refused-400", call="refund", order_id="other")
    assert merchant.refund(paid).code == 200
    assert merchant.refund(other).code == 400
    assert control.book()["refund_posts"] == {paid: 1, ORDER: 1, other: 1, "other": 1}


def test_the_logged_request_has_no_card_number(merchant: Merchant, control: Control, paid: str) -> None:
    merchant.refund(paid, reason=f"wrong card {APPROVED}, twice")
    (request,) = [one for one in control.book()["requests"] if one["call"] == "refund"]
    assert request["decrypted"] == {"transaction_id": paid, "reason": "wrong card ******, twice"}
    assert (request["transaction_id"], request["order_id"]) == (paid, ORDER)
    assert APPROVED not in json.dumps(control.book())


@pytest.mark.parametrize("scenario", [{"scenario": "decline"}, {"outcome": "pending"}, {"scenario": "nonsense"}])
def test_the_outcome_of_a_refund_is_approve_or_nothing(control: Control, scenario: dict[str, Any]) -> None:
    with pytest.raises(ControlError, match="422"):
        control.script(call="refund", **scenario)


def test_a_refund_scenario_is_refused_for_a_charge(control: Control) -> None:
    with pytest.raises(ControlError, match="scenario must be one of"):
        control.script("refunded-unflagged")
