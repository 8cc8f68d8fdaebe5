"""Webhooks: content, signature, retries and faults."""

import hashlib
import hmac

import pytest

from local.simulator import Credentials, WebhookTiming, running
from local.simulator.control_client import Control
from tests.local.simulator.merchant import Merchant
from tests.local.simulator.webhook_receiver import WebhookReceiver

ORDER = "12524AGSDF34DS"


def hmac_of(body: bytes, secret: str | None) -> str:
    return hmac.new((secret or "").encode(), body, hashlib.sha256).hexdigest()


def test_the_raw_bytes_are_signed_with_the_webhook_secret(
    merchant: Merchant, control: Control, receiver: WebhookReceiver
) -> None:
    merchant.pay(card_number="4242424242424242", first_name="Zoë", webhook_url=receiver.url())
    assert control.wait(ORDER, delivered=1)
    (webhook,) = receiver.received
    assert webhook.headers["fs-webhook-hash"] == hmac_of(webhook.body, merchant.simulator.credentials.webhook_secret)
    assert webhook.headers["content-type"] == "application/json"
    assert webhook.json["status"] == "SUCCESS"
    assert webhook.json["data"]["amount"] == 100
    assert webhook.json["data"]["order_id"] == ORDER
    assert "redirect_url" not in webhook.json


def test_without_a_webhook_secret_the_encryption_key_signs(receiver: WebhookReceiver) -> None:
    keys = Credentials("PA_TEST_1", "0123456789abcdef0123456789abcdef", None)
    with running(keys) as simulator:
        Merchant(simulator).pay(card_number="4242424242424242", webhook_url=receiver.url())
        assert simulator.control.wait(ORDER, delivered=1)
    assert receiver.received[0].headers["fs-webhook-hash"] == hmac_of(receiver.received[0].body, keys.encryption_key)


@pytest.mark.parametrize(
    ("card", "sent"),
    [
        ("4242424242424242", 1),
        ("4000000000000002", 1),  # decline
        ("4000000000000010", 1),  # blocked
        ("4111111111111111", 0),  # redirect
        ("4000000000000028", 0),  # pending
        ("4000000000000036", 0),  # init
        ("4000000000000044", 0),  # abandoned
        ("4000000000000051", 0),  # unknown status
    ],
)
def test_only_success_failure_and_block_have_a_webhook(
    merchant: Merchant, control: Control, receiver: WebhookReceiver, card: str, sent: int
) -> None:
    merchant.pay(card_number=card, webhook_url=receiver.url())
    # Webhooks are sent in order: when a later payment's has arrived, an earlier one would have been sent.
    merchant.pay(card_number="4242424242424242", webhook_url=receiver.url(), order_id="later")
    assert control.wait("later", delivered=1)
    assert control.wait(ORDER, deliveries=sent)
    assert len(control.deliveries(ORDER)) == sent


def test_a_webhook_is_sent_again_until_it_is_accepted(
    merchant: Merchant, control: Control, receiver: WebhookReceiver
) -> None:
    receiver.answers = [500, 302, 200]
    merchant.pay(card_number="4242424242424242", webhook_url=receiver.url())
    assert control.wait(ORDER, delivered=1)
    made = control.deliveries(ORDER)
    assert [(one["attempt"], one["status_code"]) for one in made] == [(1, 500), (2, 302), (3, 200)]
    assert len({one.body for one in receiver.received}) == 1
    assert made[0]["body"].encode() == receiver.received[0].body


def test_a_webhook_is_given_up_after_three_retries(
    merchant: Merchant, control: Control, receiver: WebhookReceiver
) -> None:
    receiver.answers = [500] * 9
    merchant.pay(card_number="4242424242424242", webhook_url=receiver.url())
    assert control.wait(ORDER, deliveries=4)
    assert not control.wait(ORDER, deliveries=5, timeout=0.3)


def test_a_refused_connection_is_a_failed_attempt(receiver: WebhookReceiver) -> None:
    with running(timing=WebhookTiming(retry_intervals=(0.01,), timeout=0.1)) as simulator:
        merchant = Merchant(simulator)
        merchant.pay(card_number="4242424242424242", webhook_url="http://127.0.0.1:1/")
        assert simulator.control.wait(ORDER, deliveries=2)
        made = simulator.control.deliveries(ORDER)
    assert [one["status_code"] for one in made] == [None, None]
    assert all(one["error"] for one in made)


def test_names_under_localhost_are_this_machine(
    merchant: Merchant, control: Control, receiver: WebhookReceiver
) -> None:
    merchant.pay(card_number="4242424242424242", webhook_url=receiver.url("a1b2.execute-api.localhost"))
    assert control.wait(ORDER, delivered=1)
    assert receiver.received[0].headers["host"] == f"a1b2.execute-api.localhost:{receiver.port}"


@pytest.mark.parametrize("url", ["https://pay.agency/webhook", "http://192.0.2.1/", "http://localhost.example/"])
def test_nothing_is_sent_to_another_machine(merchant: Merchant, control: Control, url: str) -> None:
    merchant.pay(card_number="4242424242424242", webhook_url=url)
    assert control.wait(ORDER, deliveries=1)
    assert control.deliveries(ORDER)[0]["error"] == "not sent: the simulator delivers to this machine only"


def test_a_webhook_may_be_unsigned(merchant: Merchant, control: Control, receiver: WebhookReceiver) -> None:
    control.script("webhook-unsigned")
    merchant.pay(webhook_url=receiver.url())
    assert control.wait(ORDER, delivered=1)
    assert "fs-webhook-hash" not in receiver.received[0].headers


def test_a_webhook_may_be_wrongly_signed(merchant: Merchant, control: Control, receiver: WebhookReceiver) -> None:
    control.script("webhook-wrongly-signed")
    merchant.pay(webhook_url=receiver.url())
    assert control.wait(ORDER, delivered=1)
    (webhook,) = receiver.received
    keys = merchant.simulator.credentials
    assert len(webhook.headers["fs-webhook-hash"]) == 64
    assert webhook.headers["fs-webhook-hash"] != hmac_of(webhook.body, keys.webhook_secret)
    assert webhook.headers["fs-webhook-hash"] != hmac_of(webhook.body, keys.encryption_key)


def test_a_webhook_may_be_duplicated(merchant: Merchant, control: Control, receiver: WebhookReceiver) -> None:
    control.script("webhook-duplicate", webhook_times=5)
    merchant.pay(webhook_url=receiver.url())
    assert control.wait(ORDER, delivered=5)
    assert len({one.body for one in receiver.received}) == 1


def test_a_webhook_may_be_late(merchant: Merchant, control: Control, receiver: WebhookReceiver) -> None:
    control.script("webhook-late", webhook_seconds=0.6)
    merchant.pay(webhook_url=receiver.url())
    assert not control.wait(ORDER, deliveries=1, timeout=0.1)
    assert control.wait(ORDER, delivered=1)


def test_a_webhook_may_be_lost(merchant: Merchant, control: Control, receiver: WebhookReceiver) -> None:
    control.script("webhook-lost")
    merchant.pay(webhook_url=receiver.url())
    assert not control.wait(ORDER, deliveries=1, timeout=0.1)
    assert merchant.status(ORDER).json["status"] == "SUCCESS"


def test_a_reordered_webhook_follows_a_later_one_of_its_payment(
    merchant: Merchant, control: Control, receiver: WebhookReceiver
) -> None:
    control.script("webhook-reordered", outcome="decline")
    merchant.pay(webhook_url=receiver.url())
    assert not control.wait(ORDER, deliveries=1, timeout=0.05)
    control.decide(ORDER, "approve", overrule=True)
    assert control.wait(ORDER, delivered=2)
    assert [one.json["status"] for one in receiver.received] == ["SUCCESS", "FAILED"]


def test_a_reordered_webhook_follows_one_of_another_payment(
    merchant: Merchant, control: Control, receiver: WebhookReceiver
) -> None:
    control.script("webhook-reordered")
    merchant.pay(webhook_url=receiver.url())
    merchant.pay(webhook_url=receiver.url(), card_number="4242424242424242", order_id="second")
    assert control.wait(ORDER, delivered=1)
    assert [one.json["data"]["order_id"] for one in receiver.received] == ["second", ORDER]


def test_a_webhook_may_arrive_before_the_answer(
    merchant: Merchant, control: Control, receiver: WebhookReceiver
) -> None:
    control.script("webhook-first")
    merchant.pay(webhook_url=receiver.url())
    assert len(receiver.received) == 1


@pytest.mark.parametrize(("lie", "where", "wrong"), [("amount", "amount", 10_000), ("order_id", "order_id", None)])
def test_a_webhook_may_have_wrong_values(
    merchant: Merchant, control: Control, receiver: WebhookReceiver, lie: str, where: str, wrong: int | None
) -> None:
    control.script("approve", webhook_lie=lie)
    merchant.pay(webhook_url=receiver.url())
    assert control.wait(ORDER, delivered=1)
    data = receiver.received[0].json["data"]
    assert data[where] == (wrong or f"{ORDER}-of-somebody-else")
    assert merchant.status(ORDER).json["data"]["order_id"] == ORDER


def test_a_webhook_can_be_replayed_and_forged(merchant: Merchant, control: Control, receiver: WebhookReceiver) -> None:
    merchant.pay(card_number="4242424242424242", webhook_url=receiver.url())
    assert control.wait(ORDER, delivered=1)
    assert control.announce(ORDER)
    assert control.wait(ORDER, delivered=2)
    assert control.announce(ORDER, webhook="unsigned", webhook_lie="status")
    assert control.wait(ORDER, delivered=3)
    assert [one.json["status"] for one in receiver.received] == ["SUCCESS", "SUCCESS", "FAILED"]
    assert ["fs-webhook-hash" in one.headers for one in receiver.received] == [True, True, False]
