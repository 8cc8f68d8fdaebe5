"""Every key is rotated while payments are made, and no charge and no webhook is lost."""

import json
import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from local.simulator import Credentials
from local.simulator.control_client import Control
from local.stack import Shop, Stack, running
from tests.flow.patient_gateway import RETRY_WEBHOOKS_LONG, PatientControl
from tests.flow.payment_tracker import DEADLINE_SECONDS

PAYERS = 3
CHARGES_BEFORE_AND_AFTER = 6


@pytest.fixture(scope="module")
def rotating() -> Iterator[Stack]:
    """A stack of its own: rotated keys stay rotated, and a function reads a key again once a minute at most."""
    with running(simulator_options=RETRY_WEBHOOKS_LONG) as stack:
        yield stack


@dataclass
class Checkout:
    """Pays one order after the other until it is closed. `serve` runs in as many threads as there are shoppers."""

    shop: Shop
    payment: dict[str, Any]
    statuses: list[tuple[int, str]] = field(default_factory=list)
    orders: list[str] = field(default_factory=list)
    closed: threading.Event = field(default_factory=threading.Event)
    served: threading.Condition = field(default_factory=threading.Condition)

    def serve(self) -> None:
        while not self.closed.is_set():
            order = f"rotation-{secrets.token_hex(8)}"
            answer = self.shop.charge(self.payment | {"order_id": order, "card_number": "4242424242424242"}, order)
            with self.served:
                self.orders.append(order)
                self.statuses.append((answer.status, answer.json.get("status") or answer.json["code"]))
                self.served.notify_all()

    def wait_for(self, more: int) -> None:
        """Until so many more payments are made."""
        with self.served:
            enough = len(self.statuses) + more
            assert self.served.wait_for(lambda: len(self.statuses) >= enough, timeout=DEADLINE_SECONDS)


def test_no_charge_or_webhook_fails_while_every_key_is_rotated(rotating: Stack, payment: dict[str, Any]) -> None:
    stack, control = rotating, PatientControl(rotating.gateway.control_url or "")
    secrets_manager = stack.admin.client("secretsmanager")
    checkout = Checkout(Shop(stack.api_url, stack.region, stack.identities.client), payment)
    payers = [threading.Thread(target=checkout.serve, daemon=True) for _ in range(PAYERS)]
    for payer in payers:
        payer.start()
    checkout.wait_for(CHARGES_BEFORE_AND_AFTER)

    # The order of docs/runbook.md: the gateway accepts both keys, we send the new one, then the gateway signs with it.
    new = Credentials.invented("test")
    control.rotate(keep_previous=True, secret_key=new.secret_key, encryption_key=new.encryption_key)
    new_secret = {
        "secret_key": new.secret_key,
        "encryption_key": new.encryption_key,
        "webhook_secret": new.webhook_secret,
    }
    secrets_manager.put_secret_value(SecretId=stack.gateway_secret, SecretString=json.dumps(new_secret))
    control.rotate(webhook_secret=new.webhook_secret or "")
    checkout.wait_for(CHARGES_BEFORE_AND_AFTER)

    token_secret = _output(stack, "TokenSecretArn")
    secrets_manager.put_secret_value(SecretId=token_secret, SecretString=secrets.token_urlsafe(48))
    checkout.wait_for(CHARGES_BEFORE_AND_AFTER)
    checkout.closed.set()
    for payer in payers:
        payer.join(DEADLINE_SECONDS)

    assert set(checkout.statuses) == {(201, "succeeded")}, checkout.statuses
    lost = {order: codes for order in checkout.orders if 200 not in (codes := answers_to(control, order))}
    assert lost == {}
    control.close()


def answers_to(control: Control, order: str) -> list[object]:
    """The status codes or errors of the deliveries of an order's webhook, once one was accepted."""
    control.wait(order, delivered=1)
    return [delivery["status_code"] or delivery["error"] for delivery in control.deliveries(order)]


def _output(stack: Stack, name: str) -> str:
    described = stack.admin.client("cloudformation").describe_stacks(StackName=stack.name)
    outputs = {made["OutputKey"]: made["OutputValue"] for made in described["Stacks"][0]["Outputs"]}
    return str(outputs[name])
