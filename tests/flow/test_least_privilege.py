"""Each function has exactly the permissions it uses: without any one of them, one of its tasks fails.

The tests call a function's unpublished version. A permission that no task needs fails a test, and so does a task that
fails with all permissions.
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
from tests.flow.lambda_calls import charge_directly, invoke, refund_directly, with_environment
from tests.flow.permissions import Permission, role_of
from tests.flow.refunds import REASON, refund
from tests.recorded_events import recorded

NOWHERE = "http://127.0.0.1:1"
LONG_AGO = date(2025, 1, 1)
"""No other test uses these days. Each reconciliation gets its own, three apart: it reads a day beyond both ends."""
DECLINED, APPROVED = "4000000000000002", "4242424242424242"
BY_LAMBDA_ITSELF = {
    # Lambda sends a failed asynchronous invocation there with the function's role. MiniStack uses no role, so nothing
    # would fail here; tests/house/test_template.py checks that a destination is set.
    ("RelayFunction", Permission("sqs:SendMessage", "RelayDeadLetters")),
    ("FollowUpFunction", Permission("sqs:SendMessage", "ScheduleDeadLetters")),
    ("ReconciliationFunction", Permission("sqs:SendMessage", "ScheduleDeadLetters")),
}
READS_OF_THE_STREAM = {
    # Lambda reads the stream with the function's role, and MiniStack with none: tests/house/test_relay.py has these.
    *("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"),
}
BY_THE_RUNTIME = {
    # The runtime, not our code, writes logs and trace segments; without them a function works, but unobserved.
    "AWSLambdaBasicExecutionRole",
    "AWSXrayWriteOnlyAccess",
}


@dataclass
class FunctionTasks:
    """One method for each task of the functions. It returns whether the whole task was done."""

    stack: Stack
    shop: Shop
    gateway: Control
    table: Any
    make_due: Callable[[str], None]
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def charge_a_card(self) -> bool:
        """Claims the payment, sends the charge, records the outcome."""
        answer = charge_directly(self.stack, *self._order(APPROVED))
        return answer.status == 201 and bool(answer.json["status"] == "succeeded")

    def read_a_charge(self) -> bool:
        payment = self.shop.charge(*self._order(APPROVED)).json
        event = recorded("charge-get", pathParameters={"id": payment["id"]})
        response = invoke(self.stack, "ChargeFunction", event)
        return bool(response["statusCode"] == 200 and json.loads(response["body"])["id"] == payment["id"])

    def list_an_order(self) -> bool:
        payment = self.shop.charge(*self._order(APPROVED)).json
        event = recorded("charge-attempts", queryStringParameters={"order_id": payment["order_id"]})
        response = invoke(self.stack, "ChargeFunction", event)
        found = json.loads(response["body"]).get("data", [])
        return bool(response["statusCode"] == 200 and [each["id"] for each in found] == [payment["id"]])

    def charge_a_second_attempt(self) -> bool:
        """For an order with a failed first attempt: the claim's transaction checks it."""
        order, key = self._order(DECLINED)
        assert self.shop.charge(order, key).json["status"] == "failed"
        answer = charge_directly(self.stack, order | {"card_number": APPROVED}, f"{key}-again")
        return answer.status == 201 and bool(answer.json["status"] == "succeeded")

    def release_a_claim(self) -> bool:
        """Nothing was sent, since the gateway cannot be reached."""
        order, key = self._order(APPROVED)
        with with_environment(self.stack, "ChargeFunction", GATEWAY_BASE_URL=NOWHERE):
            answer = charge_directly(self.stack, order, key)
        left = self.table.get_item(Key={"pk": f"order#test#{order['order_id']}"}, ConsistentRead=True)
        return answer.status == 503 and "Item" not in left

    def open_a_hosted_page(self) -> bool:
        order, key = self._order(APPROVED)
        fields = {name: value for name, value in order.items() if not name.startswith("card_")}
        answer = charge_directly(self.stack, fields | {"payment_method": "hosted"}, key)
        return answer.status == 201 and bool(answer.json["status"] == "requires_action")

    def refund_a_payment(self) -> bool:
        """Records the request, sends the refund, records the outcome."""
        order, key = self._order(APPROVED)
        payment = self.shop.charge(order, key).json
        answer = refund_directly(self.stack, payment["id"], key, REASON)
        return answer.status == 201 and bool(answer.json["refund"]["status"] == "refunded")

    def handle_a_webhook(self) -> bool:
        """Confirms the webhook, records the outcome, publishes it."""
        order, key = self._order("4111111111111111")
        payment = self.shop.charge(order, key).json
        transaction = self.gateway.decide(order["order_id"], "approve", quietly=True)
        webhook_url = self.gateway.transaction(order["order_id"])["webhook_url"]
        response = invoke(self.stack, "WebhookFunction", self._delivery(payment["id"], webhook_url, transaction))
        return response.get("statusCode") == 200 and self._is_succeeded_and_published(payment["id"])

    def relay_a_charge(self) -> bool:
        """Publishes what the charge function left to it."""
        payment = self.shop.charge(*self._order(APPROVED)).json
        event = recorded("stream")
        event["Records"][0]["dynamodb"]["Keys"]["pk"]["S"] = payment["id"]
        response = invoke(self.stack, "RelayFunction", event)
        return response == {"batchItemFailures": []} and self._is_succeeded_and_published(payment["id"])

    def follow_up(self) -> bool:
        """Finds the due payment, asks the gateway, records the outcome, publishes it."""
        order, key = self._order("4111111111111111")
        payment = self.shop.charge(order, key).json
        self.gateway.decide(order["order_id"], "approve", quietly=True)
        with contextlib.suppress(ClientError):  # the schedule was faster
            self.make_due(payment["id"])
        response = invoke(self.stack, "FollowUpFunction", recorded("schedule"))
        return response.get("broken") == 0 and self._is_succeeded_and_published(payment["id"])

    def reconcile(self) -> bool:
        """Finds a transaction without a payment, adopts it, looks for unlisted payments, writes the report."""
        day = str(LONG_AGO + timedelta(days=3 * next(self._numbers)))
        self.gateway.orphan(created_at=f"{day}T12:00:00Z")
        response = invoke(self.stack, "ReconciliationFunction", {"from": day, "to": day})
        return response.get("state") == "finished" and bool(response["discrepancies"] == {"orphan": 1})

    def finish_a_refund(self) -> bool:
        """A refund without a clear answer: asks the gateway, records the outcome, publishes it."""
        order, key = self._order(APPROVED)
        payment = self.shop.charge(order, key).json
        self.gateway.script("refunded-then-500", call="refund", order_id=order["order_id"])
        assert refund(self.shop, payment["id"], key).status == 202
        with contextlib.suppress(ClientError):  # the schedule was faster
            self.make_due(payment["id"])
        response = invoke(self.stack, "FollowUpFunction", recorded("schedule"))
        is_refunded = self.shop.get(f"/charges/{payment['id']}").json["refund"]["status"] == "refunded"
        return response.get("broken") == 0 and is_refunded and self._is_succeeded_and_published(payment["id"])

    def _order(self, card: str) -> tuple[dict[str, Any], str]:
        name = f"privilege-{next(self._numbers)}"
        return document.payment() | {"order_id": name, "card_number": card}, name

    def _is_succeeded_and_published(self, payment_id: str) -> bool:
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


Task = Callable[[FunctionTasks], bool]

NEEDED: dict[str, dict[Permission, Task]] = {
    "ChargeFunction": {
        Permission("dynamodb:PutItem", "PaymentsTable"): FunctionTasks.charge_a_card,
        Permission("dynamodb:UpdateItem", "PaymentsTable"): FunctionTasks.charge_a_card,
        Permission("secretsmanager:GetSecretValue", "GatewaySecret"): FunctionTasks.charge_a_card,
        Permission("secretsmanager:GetSecretValue", "TokenSecret"): FunctionTasks.charge_a_card,
        Permission("dynamodb:GetItem", "PaymentsTable"): FunctionTasks.read_a_charge,
        Permission("dynamodb:BatchGetItem", "PaymentsTable"): FunctionTasks.list_an_order,
        Permission("dynamodb:ConditionCheckItem", "PaymentsTable"): FunctionTasks.charge_a_second_attempt,
        Permission("dynamodb:DeleteItem", "PaymentsTable"): FunctionTasks.release_a_claim,
    },
    "WebhookFunction": {
        Permission("dynamodb:GetItem", "PaymentsTable"): FunctionTasks.handle_a_webhook,
        Permission("dynamodb:UpdateItem", "PaymentsTable"): FunctionTasks.handle_a_webhook,
        Permission("secretsmanager:GetSecretValue", "GatewaySecret"): FunctionTasks.handle_a_webhook,
        Permission("secretsmanager:GetSecretValue", "TokenSecret"): FunctionTasks.handle_a_webhook,
        Permission("events:PutEvents", "PaymentsBus"): FunctionTasks.handle_a_webhook,
    },
    "RelayFunction": {
        Permission("dynamodb:GetItem", "PaymentsTable"): FunctionTasks.relay_a_charge,
        Permission("dynamodb:UpdateItem", "PaymentsTable"): FunctionTasks.relay_a_charge,
        Permission("events:PutEvents", "PaymentsBus"): FunctionTasks.relay_a_charge,
    },
    "FollowUpFunction": {
        Permission("dynamodb:Query", "PaymentsTable/index/follow_up"): FunctionTasks.follow_up,
        Permission("dynamodb:UpdateItem", "PaymentsTable"): FunctionTasks.follow_up,
        Permission("secretsmanager:GetSecretValue", "GatewaySecret"): FunctionTasks.follow_up,
        Permission("events:PutEvents", "PaymentsBus"): FunctionTasks.follow_up,
    },
    "ReconciliationFunction": {
        Permission("dynamodb:BatchGetItem", "PaymentsTable"): FunctionTasks.reconcile,
        Permission("dynamodb:PutItem", "PaymentsTable"): FunctionTasks.reconcile,
        Permission("dynamodb:UpdateItem", "PaymentsTable"): FunctionTasks.reconcile,
        Permission("dynamodb:Query", "PaymentsTable/index/unlisted"): FunctionTasks.reconcile,
        Permission("s3:PutObject", "ReportsBucket/parts/*"): FunctionTasks.reconcile,
        Permission("s3:PutObject", "ReportsBucket/reports/*"): FunctionTasks.reconcile,
        Permission("s3:GetObject", "ReportsBucket/parts/*"): FunctionTasks.reconcile,
        Permission("secretsmanager:GetSecretValue", "GatewaySecret"): FunctionTasks.reconcile,
    },
}
NEEDS_NO_MORE: dict[str, tuple[Task, ...]] = {
    "ChargeFunction": (FunctionTasks.open_a_hosted_page, FunctionTasks.refund_a_payment),
    "FollowUpFunction": (FunctionTasks.finish_a_refund,),
}
"""Tasks that need no permission beyond those of the tasks above."""
MISSING_PERMISSIONS = [
    pytest.param(name, need, id=f"{name}-{need.action}-{need.on}") for name in NEEDED for need in NEEDED[name]
]


@pytest.fixture(scope="module")
def tasks(stack: Stack, shop: Shop, gateway: Control, table: Any, make_due: Callable[[str], None]) -> FunctionTasks:
    return FunctionTasks(stack, shop, gateway, table, make_due)


@pytest.mark.parametrize("function", NEEDED)
def test_the_deployed_role_allows_what_is_needed_and_nothing_else(stack: Stack, function: str) -> None:
    role = role_of(stack, function)
    allowed = [
        need
        for need in role.permissions()
        if (function, need) not in BY_LAMBDA_ITSELF and need.action not in READS_OF_THE_STREAM
    ]
    assert sorted(allowed) == sorted(NEEDED[function])
    assert role.managed() == BY_THE_RUNTIME


@pytest.mark.parametrize(("function", "need"), MISSING_PERMISSIONS)
def test_without_it_a_task_fails(stack: Stack, tasks: FunctionTasks, function: str, need: Permission) -> None:
    task = NEEDED[function][need]
    # A warm function keeps its secrets in memory; IAM checks each read and write of the table anyway.
    must_restart = need.action == "secretsmanager:GetSecretValue"
    fresh = with_environment(stack, function, TRIAL="without") if must_restart else contextlib.nullcontext()
    with role_of(stack, function).without(need), fresh:
        # Twice: a scheduled run that began before the restart may finish the first payment with its old secrets.
        assert not (task(tasks) and task(tasks)), f"nothing fails without {need}: the role does not need it"


@pytest.mark.parametrize("function", NEEDED)
def test_with_all_of_them_every_task_is_done(stack: Stack, tasks: FunctionTasks, function: str) -> None:
    with with_environment(stack, function, TRIAL="with all"):
        for task in (*dict.fromkeys(NEEDED[function].values()), *NEEDS_NO_MORE.get(function, ())):
            # Twice: the schedule may have processed the payment before this run did.
            assert task(tasks) or task(tasks), task.__name__
