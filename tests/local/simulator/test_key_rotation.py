"""Rotation of the gateway's keys while a merchant uses them."""

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from local.simulator import Simulator, running
from local.simulator.control_client import ControlError
from tests.local.simulator.merchant import Merchant
from tests.local.simulator.webhook_receiver import WebhookReceiver

NEW = {"secret_key": "PA_TEST_new", "encryption_key": "f" * 32, "webhook_secret": "new secret"}


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with running() as simulator:
        yield simulator


@pytest.mark.parametrize("keep_previous", [False, True])
def test_new_keys_are_valid_at_once_and_old_ones_only_if_kept(simulator: Simulator, *, keep_previous: bool) -> None:
    old = Merchant(simulator)
    new = Merchant(replace(simulator, credentials=replace(simulator.credentials, **NEW)))
    assert new.pay(order_id="before").code == 401
    simulator.control.rotate(**NEW, keep_previous=keep_previous)
    assert new.pay(order_id="new").code == 200
    assert old.pay(order_id="old").code == (200 if keep_previous else 401)


def test_the_newest_secret_signs(simulator: Simulator, receiver: WebhookReceiver) -> None:
    simulator.control.rotate(webhook_secret="newest", keep_previous=True)
    Merchant(simulator).pay(card_number="4242424242424242", webhook_url=receiver.url())
    assert simulator.control.wait(delivered=1)
    (webhook,) = receiver.received
    assert webhook.headers["fs-webhook-hash"] == hmac.new(b"newest", webhook.body, hashlib.sha256).hexdigest()


@pytest.mark.parametrize("keys", [{"secret_key": "nonsense"}, {"encryption_key": "short"}])
def test_invalid_keys_are_refused(simulator: Simulator, keys: dict[str, Any]) -> None:
    with pytest.raises(ControlError, match="422"):
        simulator.control.rotate(**keys)
    assert Merchant(simulator).pay().code == 200
