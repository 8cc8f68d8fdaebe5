"""Every key is rotated on a running stack while payments flow, and no charge and no webhook is lost."""

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

PAYERS = 3
CHARGES_BEFORE_AND_AFTER = 6


@pytest.fixture(scope="module")
def rotating() -> Iterator[Stack]:
    """A stack of its own: what is rotated here stays rotated, and a key is read anew once a minute at most."""
    with running(simulator_options=("--webhook-intervals", "0.1,0.2,0.3")) as stack:
        yield stack


@dataclass
class Till:
    """Shoppers who pay one after the other until the till is closed."""

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
        with self.served:
            enough = len(self.statuses) + more
            assert self.served.wait_for(lambda: len(self.statuses) >= enough, timeout=60)


def test_nothing_fails_while_every_key_is_rotated(rotating: Stack, payment: dict[str, Any]) -> None:
    stack, control = rotating, Control(rotating.gateway.control_url or "")
    vault = stack.admin.client("secretsmanager")
    till = Till(Shop(stack.api_url, stack.region, stack.identities.client), payment)
    payers = [threading.Thread(target=till.serve, daemon=True) for _ in range(PAYERS)]
    for payer in payers:
        payer.start()
    till.wait_for(CHARGES_BEFORE_AND_AFTER)

    # As docs/runbook.md has it: the gateway takes both, then we send the new, then the gateway signs with the new.
    new = Credentials.invented("test")
    control.rotate(keep_previous=True, secret_key=new.secret_key, encryption_key=new.encryption_key)
    told = {
        "secret_key": new.secret_key,
        "encryption_key": new.encryption_key,
        "webhook_secret": new.webhook_secret,
    }
    vault.put_secret_value(SecretId=stack.gateway_secret, SecretString=json.dumps(told))
    control.rotate(webhook_secret=new.webhook_secret or "")
    till.wait_for(CHARGES_BEFORE_AND_AFTER)

    token_secret = _output(stack, "TokenSecretArn")
    vault.put_secret_value(SecretId=token_secret, SecretString=secrets.token_urlsafe(48))
    till.wait_for(CHARGES_BEFORE_AND_AFTER)
    till.closed.set()
    for payer in payers:
        payer.join(60)

    assert set(till.statuses) == {(201, "succeeded")}, till.statuses
    lost = {order: codes for order in till.orders if 200 not in (codes := answers_to(control, order))}
    assert lost == {}
    control.close()


def answers_to(control: Control, order: str) -> list[object]:
    """How we answered the deliveries of an order's webhook, once one was taken or all were made."""
    control.wait(order, delivered=1, timeout=10)
    return [delivery["status_code"] or delivery["error"] for delivery in control.deliveries(order)]


def _output(stack: Stack, name: str) -> str:
    described = stack.admin.client("cloudformation").describe_stacks(StackName=stack.name)
    outputs = {made["OutputKey"]: made["OutputValue"] for made in described["Stacks"][0]["Outputs"]}
    return str(outputs[name])
