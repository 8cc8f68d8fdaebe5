"""The control API, through its client."""

from typing import Any

import pytest

from local.simulator.control_client import Control, ControlError
from tests.local.simulator.merchant import Merchant
from tests.local.simulator.webhook_receiver import WebhookReceiver

ORDER = "12524AGSDF34DS"


def test_scripted_scenarios_are_used_once_in_order_and_then_the_card_decides(
    merchant: Merchant, control: Control
) -> None:
    control.script("decline")
    control.script("pending", message="Wait.")
    answers = [merchant.pay(order_id=f"order-{n}").json for n in range(3)]
    assert [one["status"] for one in answers] == ["FAILED", "PENDING", "REDIRECT"]
    assert answers[1]["message"] == "Wait."


def test_a_scenario_for_one_order_waits_for_that_order(merchant: Merchant, control: Control) -> None:
    control.script("decline", order_id="wanted")
    control.script("blocked")
    assert merchant.pay(order_id="other").json["status"] == "BLOCKED"
    assert [each["order_id"] for each in control.scripted()] == ["wanted"]
    assert merchant.pay(order_id="wanted").json["status"] == "FAILED"


def test_a_refused_request_uses_up_no_scenario(merchant: Merchant, control: Control) -> None:
    control.script("decline")
    merchant.pay(amount=None)
    assert len(control.scripted()) == 1


def test_a_422_has_the_scripted_message_and_errors(merchant: Merchant, control: Control) -> None:
    errors = [{"field": "zip", "message": "zip is odd"}]
    control.script("refused-422", message="No.", errors=errors)
    assert merchant.pay().json == {"message": "No.", "errors": errors}


@pytest.mark.parametrize(
    "scenario",
    [
        {"scenario": "nonsense"},
        {"scenario": "approve", "call": "nonsense"},
        {"scenario": "approve", "webhook": "nonsense"},
        {"scenario": "approve", "nonsense": 1},
        {"scenario": "approve", "webhook_times": "often"},
        {"scenario": "approve", "outcome": ["approve"]},
    ],
)
def test_an_invalid_scenario_is_refused(control: Control, scenario: dict[str, Any]) -> None:
    with pytest.raises(ControlError) as refused:
        control.script(**scenario)
    assert refused.value.code == 422
    assert control.scripted() == []


def test_decide_acts_as_the_shopper(merchant: Merchant, control: Control, receiver: WebhookReceiver) -> None:
    merchant.pay(webhook_url=receiver.url())
    assert control.decide(ORDER, "decline", message="No funds.")["status"] == "FAILED"
    assert control.wait(ORDER, delivered=1)
    assert (receiver.received[0].json["status"], receiver.received[0].json["message"]) == ("FAILED", "No funds.")
    with pytest.raises(ControlError, match="409"):
        control.decide(ORDER, "approve")
    assert control.decide(ORDER, "approve", overrule=True, quietly=True)["status"] == "SUCCESS"
    assert not control.wait(ORDER, deliveries=2, timeout=0.05)


def test_reset_removes_all_state_but_the_keys(merchant: Merchant, control: Control, receiver: WebhookReceiver) -> None:
    control.script("webhook-late", webhook_seconds=0.1)
    control.script("approve")
    control.switch(down=True)
    control.switch(down=False, page_size=1)
    merchant.pay(webhook_url=receiver.url())
    control.reset()
    book = control.book()
    assert (book["card_requests"], book["posts"], book["transactions"], book["requests"]) == (0, {}, [], [])
    assert control.scripted() == []
    assert not control.wait(deliveries=1, timeout=0.2)
    assert receiver.received == []
    assert merchant.pay().code == 200


def test_the_whole_gateway_can_be_down(merchant: Merchant, control: Control) -> None:
    control.switch(down=True)
    assert merchant.pay().code == 503
    assert merchant.status(ORDER).code == 503
    control.switch(down=False)
    assert merchant.pay().code == 200


@pytest.mark.parametrize("switch", [{"nonsense": True}, {"down": 1}, {"page_size": True}, {"page_size": 0}])
def test_an_invalid_switch_is_refused(control: Control, switch: dict[str, Any]) -> None:
    with pytest.raises(ControlError, match="422"):
        control.switch(**switch)


def test_orphans_are_charges_without_a_request(merchant: Merchant, control: Control) -> None:
    transaction_id = control.orphan(amount=2500, currency="EUR", order_id="not-ours")
    assert merchant.status(transaction_id).json["data"]["amount"] == "2500"
    book = control.book()
    assert (book["card_requests"], book["posts"]) == (0, {})


def test_amounts_refunds_and_chargebacks_can_be_changed_at_the_gateway(merchant: Merchant, control: Control) -> None:
    merchant.pay(card_number="4242424242424242")
    assert control.amend(ORDER, amount=99, currency="EUR")["amount"] == 99
    assert merchant.status(ORDER).json["data"]["currency"] == "EUR"
    assert control.refund(ORDER)["refunded_at"]
    with pytest.raises(ControlError, match="already been refunded"):
        control.refund(ORDER)
    assert control.charge_back(ORDER)["charged_back_at"], "the cardholder's bank charges back a refunded payment too"
    with pytest.raises(ControlError, match="already been charged back"):
        control.charge_back(ORDER)
    control.forget(ORDER)
    assert merchant.status(ORDER).code == 404
    with pytest.raises(ControlError, match="404"):
        control.charge_back(ORDER)


def test_waiting_ends_when_the_time_is_up(control: Control) -> None:
    assert not control.wait(ORDER, status="SUCCESS", timeout=0.05)
    with pytest.raises(ControlError, match="422"):
        control.wait(ORDER, nonsense=1)
