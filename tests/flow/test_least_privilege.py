"""Each function has exactly the permissions it uses: each is taken away, and something that it promises fails.

What is tried is the unpublished version of a function. A permission that no deed needs fails the test, and so does a
deed that fails although no permission was taken away.
"""

import base64
import contextlib
import hashlib
import hmac
import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.demo import document
from local.simulator.control_client import Control
from local.stack import Shop, Stack
from tests.flow.functions import another_world, charge_directly, invoke, refund_directly
from tests.flow.permissions import Permission, role_of
from tests.flow.refunds import REASON, refund
from tests.recorded_events import recorded

NOWHERE = "http://127.0.0.1:1"
LONG_AGO = date(2025, 1, 1)
"""From here on nothing else happened: each reconciliation takes a day, three apart, for it looks a day beyond both ends."""
DECLINED, APPROVED = "4000000000000002", "4242424242424242"
BY_LAMBDA_ITSELF = {
    # Lambda sends a failed asynchronous invocation there, with the function's role. MiniStack does so with no role at
    # all, so that nothing would be seen to fail; that a destination is set, tests/house/test_template.py knows.
    ("FollowUpFunction", Permission("sqs:SendMessage", "ScheduleDeadLetters")),
    ("ReconciliationFunction", Permission("sqs:SendMessage", "ScheduleDeadLetters")),
}
BY_THE_RUNTIME = {
    # Writing logs and trace segments is the runtime's, not the code's: without them a function works, unseen.
    "AWSLambdaBasicExecutionRole",
    "AWSXrayWriteOnlyAccess",
}


@dataclass
class Deeds:
    """What the functions are for. Each deed returns whether all of it happened."""

    stack: Stack
    shop: Shop
    gateway: Control
    table: Any
    overdue: Callable[[str], None]
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def take_a_charge(self) -> bool:
        """Claims, sends, writes the verdict."""
        answer = charge_directly(self.stack, *self._order(APPROVED))
        return answer.status == 201 and bool(answer.json["status"] == "succeeded")

    def read_a_charge(self) -> bool:
        payment = self.shop.charge(*self._order(APPROVED)).json
        event = recorded("charge-get", pathParameters={"id": payment["id"]})
        said = invoke(self.stack, "ChargeFunction", event)
        return bool(said["statusCode"] == 200 and json.loads(said["body"])["id"] == payment["id"])

    def take_a_second_attempt(self) -> bool:
        """For an order whose first one failed, which is checked in the transaction of the claim."""
        order, key = self._order(DECLINED)
        assert self.shop.charge(order, key).json["status"] == "failed"
        answer = charge_directly(self.stack, order | {"card_number": APPROVED}, f"{key}-again")
        return answer.status == 201 and bool(answer.json["status"] == "succeeded")

    def take_back_a_claim(self) -> bool:
        """Of which nothing was sent, for the gateway is out of reach."""
        order, key = self._order(APPROVED)
        with another_world(self.stack, "ChargeFunction", GATEWAY_BASE_URL=NOWHERE):
            answer = charge_directly(self.stack, order, key)
        left = self.table.get_item(Key={"pk": f"order#{order['order_id']}"}, ConsistentRead=True)
        return answer.status == 503 and "Item" not in left

    def send_a_shopper_to_the_hosted_page(self) -> bool:
        order, key = self._order(APPROVED)
        fields = {name: value for name, value in order.items() if not name.startswith("card_")}
        answer = charge_directly(self.stack, fields | {"payment_method": "hosted"}, key)
        return answer.status == 201 and bool(answer.json["status"] == "requires_action")

    def give_a_payment_back(self) -> bool:
        """Records that it was asked for, sends it back, writes the verdict."""
        order, key = self._order(APPROVED)
        payment = self.shop.charge(order, key).json
        answer = refund_directly(self.stack, payment["id"], key, REASON)
        return answer.status == 201 and bool(answer.json["refund"]["status"] == "refunded")

    def take_a_webhook(self) -> bool:
        """Confirms it, settles the payment, tells the bus."""
        order, key = self._order("4111111111111111")
        payment = self.shop.charge(order, key).json
        transaction = self.gateway.decide(order["order_id"], "approve", quietly=True)
        webhook_url = self.gateway.transaction(order["order_id"])["webhook_url"]
        said = invoke(self.stack, "WebhookFunction", self._delivery(payment["id"], webhook_url, transaction))
        return said.get("statusCode") == 200 and self._is_settled(payment["id"])

    def follow_up(self) -> bool:
        """Finds what is due, asks the gateway, settles, tells the bus."""
        order, key = self._order("4111111111111111")
        payment = self.shop.charge(order, key).json
        self.gateway.decide(order["order_id"], "approve", quietly=True)
        with contextlib.suppress(ClientError):  # the schedule was quicker
            self.overdue(payment["id"])
        said = invoke(self.stack, "FollowUpFunction", recorded("schedule"))
        return said.get("broken") == 0 and self._is_settled(payment["id"])

    def run(self) -> bool:
        """Finds no payment to a transaction, adopts it, looks for what is unlisted, writes the report."""
        day = str(LONG_AGO + timedelta(days=3 * next(self._numbers)))
        self.gateway.orphan(created_at=f"{day}T12:00:00Z")
        said = invoke(self.stack, "ReconciliationFunction", {"from": day, "to": day})
        return said.get("state") == "finished" and bool(said["discrepancies"] == {"orphan": 1})

    def finish_a_refund(self) -> bool:
        """Of which nobody knows whether it was done: asks the gateway, settles, tells the bus."""
        order, key = self._order(APPROVED)
        payment = self.shop.charge(order, key).json
        self.gateway.script("refunded-then-500", call="refund", order_id=order["order_id"])
        assert refund(self.shop, payment["id"], key).status == 202
        with contextlib.suppress(ClientError):  # the schedule was quicker
            self.overdue(payment["id"])
        said = invoke(self.stack, "FollowUpFunction", recorded("schedule"))
        given_back = self.shop.get(f"/charges/{payment['id']}").json["refund"]["status"] == "refunded"
        return said.get("broken") == 0 and given_back and self._is_settled(payment["id"])

    def _order(self, card: str) -> tuple[dict[str, Any], str]:
        name = f"privilege-{next(self._numbers)}"
        return document.payment() | {"order_id": name, "card_number": card}, name

    def _is_settled(self, payment_id: str) -> bool:
        item = self.table.get_item(Key={"pk": payment_id}, ConsistentRead=True)["Item"]
        return bool(item["status"] == "succeeded" and item["published"] == item["version"])

    def _delivery(self, payment_id: str, webhook_url: str, transaction: Mapping[str, Any]) -> dict[str, Any]:
        data = {name: transaction[name] for name in ("amount", "currency", "order_id", "transaction_id")}
        body = json.dumps({"status": "SUCCESS", "message": "-", "data": data}).encode()
        secret = self.stack.gateway.keys.webhook_secret.encode()
        event = recorded("webhook-base64", body=base64.b64encode(body).decode())
        event["pathParameters"] = {"payment_id": payment_id, "token": webhook_url.rsplit("/", 1)[1]}
        event["headers"]["fs-webhook-hash"] = hmac.new(secret, body, hashlib.sha256).hexdigest()
        return event


Deed = Callable[[Deeds], bool]

NEEDED: dict[str, dict[Permission, Deed]] = {
    "ChargeFunction": {
        Permission("dynamodb:PutItem", "PaymentsTable"): Deeds.take_a_charge,
        Permission("dynamodb:UpdateItem", "PaymentsTable"): Deeds.take_a_charge,
        Permission("secretsmanager:GetSecretValue", "GatewaySecret"): Deeds.take_a_charge,
        Permission("secretsmanager:GetSecretValue", "TokenSecret"): Deeds.take_a_charge,
        Permission("dynamodb:GetItem", "PaymentsTable"): Deeds.read_a_charge,
        Permission("dynamodb:ConditionCheckItem", "PaymentsTable"): Deeds.take_a_second_attempt,
        Permission("dynamodb:DeleteItem", "PaymentsTable"): Deeds.take_back_a_claim,
    },
    "WebhookFunction": {
        Permission("dynamodb:GetItem", "PaymentsTable"): Deeds.take_a_webhook,
        Permission("dynamodb:UpdateItem", "PaymentsTable"): Deeds.take_a_webhook,
        Permission("secretsmanager:GetSecretValue", "GatewaySecret"): Deeds.take_a_webhook,
        Permission("secretsmanager:GetSecretValue", "TokenSecret"): Deeds.take_a_webhook,
        Permission("events:PutEvents", "PaymentsBus"): Deeds.take_a_webhook,
    },
    "FollowUpFunction": {
        Permission("dynamodb:Query", "PaymentsTable/index/follow_up"): Deeds.follow_up,
        Permission("dynamodb:UpdateItem", "PaymentsTable"): Deeds.follow_up,
        Permission("secretsmanager:GetSecretValue", "GatewaySecret"): Deeds.follow_up,
        Permission("events:PutEvents", "PaymentsBus"): Deeds.follow_up,
    },
    "ReconciliationFunction": {
        Permission("dynamodb:BatchGetItem", "PaymentsTable"): Deeds.run,
        Permission("dynamodb:PutItem", "PaymentsTable"): Deeds.run,
        Permission("dynamodb:UpdateItem", "PaymentsTable"): Deeds.run,
        Permission("dynamodb:Query", "PaymentsTable/index/unlisted"): Deeds.run,
        Permission("s3:PutObject", "ReportsBucket/parts/*"): Deeds.run,
        Permission("s3:PutObject", "ReportsBucket/reports/*"): Deeds.run,
        Permission("s3:GetObject", "ReportsBucket/parts/*"): Deeds.run,
        Permission("secretsmanager:GetSecretValue", "GatewaySecret"): Deeds.run,
    },
}
NEEDS_NO_MORE: dict[str, tuple[Deed, ...]] = {
    "ChargeFunction": (Deeds.send_a_shopper_to_the_hosted_page, Deeds.give_a_payment_back),
    "FollowUpFunction": (Deeds.finish_a_refund,),
}
"""What the functions do with the permissions that other deeds have them for."""
TRIALS = [pytest.param(name, need, id=f"{name}-{need.action}-{need.on}") for name in NEEDED for need in NEEDED[name]]


@pytest.fixture(scope="module")
def deeds(stack: Stack, shop: Shop, gateway: Control, table: Any, overdue: Callable[[str], None]) -> Deeds:
    return Deeds(stack, shop, gateway, table, overdue)


@pytest.mark.parametrize("function", NEEDED)
def test_the_deployed_role_allows_what_is_needed_and_nothing_else(stack: Stack, function: str) -> None:
    role = role_of(stack, function)
    allowed = [need for need in role.permissions() if (function, need) not in BY_LAMBDA_ITSELF]
    assert sorted(allowed) == sorted(NEEDED[function])
    assert role.managed() == BY_THE_RUNTIME


@pytest.mark.parametrize(("function", "need"), TRIALS)
def test_without_it_a_deed_fails(stack: Stack, deeds: Deeds, function: str, need: Permission) -> None:
    deed = NEEDED[function][need]
    # A warm function has its secrets in memory; what it writes and reads is asked of IAM each time.
    anew = need.action == "secretsmanager:GetSecretValue"
    fresh = another_world(stack, function, TRIAL="without") if anew else contextlib.nullcontext()
    with role_of(stack, function).without(need), fresh:
        assert not deed(deeds), f"nothing fails without {need}: the role need not have it"


@pytest.mark.parametrize("function", NEEDED)
def test_with_all_of_them_every_deed_is_done(stack: Stack, deeds: Deeds, function: str) -> None:
    with another_world(stack, function, TRIAL="with all"):
        for deed in (*dict.fromkeys(NEEDED[function].values()), *NEEDS_NO_MORE.get(function, ())):
            # Twice: the schedule may have been quicker to take what this run was to find.
            assert deed(deeds) or deed(deeds), deed.__name__
