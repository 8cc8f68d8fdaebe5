"""A stack for the reconciliation alone. Its schedules are disabled: a test starts every run itself."""

import csv
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from local.demo import document
from local.simulator.control_client import Control
from local.stack import Shop, Stack, running
from local.stack.subscriber import Subscriber, subscribed
from tests.flow.patient_gateway import RETRY_WEBHOOKS_FAST, PatientControl
from tests.house import deployed_template

SCHEDULES: Final = ("payments-follow-up-0", "payments-reconciliation")
_TIME_FORMAT: Final = "%Y-%m-%dT%H:%M:%S.%fZ"
_INVOCATION_FIELDS: Final = {"first": "from", "last": "to"}


@dataclass(frozen=True)
class Report:
    """One report as finance gets it: the JSON document, the rows of the CSV, and both files as text."""

    json: dict[str, Any]
    rows: list[dict[str, str]]
    text: str

    def about(self, transaction_id: str | None) -> list[dict[str, Any]]:
        """The discrepancies of one transaction."""
        return [line for line in self.json["discrepancies"] if line["transaction_id"] == transaction_id]


@dataclass(frozen=True)
class ReconciliationSystem:
    """The stack, the shop, the gateway's control client and a subscriber of the bus."""

    stack: Stack
    shop: Shop
    gateway: Control
    bus: Subscriber

    def pay(self, order: str, scenario: str, **play: Any) -> dict[str, Any]:
        """Charges 1.00 GBP for an order while the gateway plays a scenario; no webhook comes unless `play` sets one."""
        self.gateway.script(scenario, order_id=order, **{"webhook": "lost"} | play)
        answer = self.shop.charge(document.payment() | {"order_id": order}, order)
        return self.read(answer.headers["Location"].rsplit("/", 1)[1])

    def read(self, payment_id: str) -> dict[str, Any]:
        """The payment as GET /charges/{id} answers it."""
        answer = self.shop.get(f"/charges/{payment_id}")
        assert answer.status == 200, answer.body
        payment: dict[str, Any] = answer.json
        return payment

    def run(self, **options: Any) -> dict[str, Any]:
        """The result or error of one reconciliation; `first` and `last` are its `from` and `to`."""
        event = {_INVOCATION_FIELDS.get(name, name): value for name, value in options.items()}
        result: dict[str, Any] = self.call("ReconciliationFunction", event)
        return result

    def follow_up(self) -> None:
        """Runs the follow-up once: it publishes what is not yet on the bus."""
        assert self.call("FollowUpFunction", {})["broken"] == 0

    def call(self, function: str, event: dict[str, Any]) -> Any:
        """See `call` of this module."""
        return call(self.stack, function, event)

    def report(self, result: dict[str, Any]) -> Report:
        """See `report` of this module."""
        return report(self.stack, result)

    def fetch(self, url: str) -> Any:
        """See `fetch` of this module."""
        return fetch(self.stack, url)

    def backdate(self, payment_id: str) -> None:
        """Moves the payment and its history two hours back: a reconciliation skips the last hour, for the list lags."""
        self._move_back(payment_id, ["created_at", *self._history_times(payment_id)])

    def backdate_history(self, payment_id: str) -> None:
        """Moves the payment's history two hours back, but not its creation, which stays today."""
        self._move_back(payment_id, self._history_times(payment_id))

    def mark_missing(self, payment_id: str) -> None:
        """Records that a reconciliation two days ago found the gateway without this payment."""
        missing_since = int((datetime.now(UTC) - timedelta(days=2)).timestamp() * 1000)
        self._table.update_item(
            Key={"pk": payment_id},
            UpdateExpression="SET missing_since = :missing_since",
            ExpressionAttributeValues={":missing_since": missing_since},
        )

    def item(self, key: str) -> dict[str, Any]:
        """The table's item with this key, or an empty one."""
        found: dict[str, Any] = self._table.get_item(Key={"pk": key}, ConsistentRead=True).get("Item", {})
        return found

    def _history_times(self, payment_id: str) -> list[str]:
        return [f"#history[{nth}].#at" for nth in range(len(self.item(payment_id)["history"]))]

    def _move_back(self, payment_id: str, paths: list[str]) -> None:
        two_hours_ago = datetime.now(UTC) - timedelta(hours=2)
        self._table.update_item(
            Key={"pk": payment_id},
            UpdateExpression="SET " + ", ".join(f"{path} = :at" for path in paths),
            ExpressionAttributeNames={"#history": "history", "#at": "at"},
            ExpressionAttributeValues={":at": two_hours_ago.strftime(_TIME_FORMAT)},
        )

    @property
    def _table(self) -> Any:
        return self.stack.admin.resource("dynamodb").Table(self.stack.table)


def call(stack: Stack, function: str, event: dict[str, Any]) -> Any:
    """The result of a function's published version, or `{"error": message}` if it raised."""
    answer = stack.admin.client("lambda").invoke(
        FunctionName=stack.functions[function], Qualifier="live", Payload=json.dumps(event)
    )
    payload = json.loads(answer["Payload"].read())
    return {"error": payload["errorMessage"]} if "FunctionError" in answer else payload


def report(stack: Stack, result: dict[str, Any]) -> Report:
    """The report named in the result of a finished reconciliation."""
    document, table = (fetch(stack, result["report"][form])["Body"].read().decode() for form in ("json", "csv"))
    return Report(json.loads(document), list(csv.DictReader(io.StringIO(table))), document + table)


def fetch(stack: Stack, url: str) -> Any:
    """S3's answer for an `s3://bucket/key`."""
    bucket, _, key = url.removeprefix("s3://").partition("/")
    return stack.admin.client("s3").get_object(Bucket=bucket, Key=key)


@contextmanager
def reconciliation_system() -> Iterator[ReconciliationSystem]:
    """Starts the stack and stops it afterwards."""
    with running(simulator_options=RETRY_WEBHOOKS_FAST) as stack:
        disable_schedules(stack, *SCHEDULES)
        _set_bucket_encryption(stack)
        gateway = PatientControl(stack.gateway.control_url or "")
        with subscribed(stack.admin, stack.bus) as bus:
            shop = Shop(stack.api_url, stack.region, stack.identities.client)
            yield ReconciliationSystem(stack, shop, gateway, bus)
        gateway.close()


def disable_schedules(stack: Stack, *schedules: str) -> None:
    """From now on only a test calls the functions of these schedules."""
    scheduler = stack.admin.client("scheduler")
    for name in schedules:
        schedule = scheduler.get_schedule(Name=name)
        kept = {key: schedule[key] for key in ("Name", "ScheduleExpression", "FlexibleTimeWindow", "Target")}
        scheduler.update_schedule(**kept, State="DISABLED")


def reports_bucket(stack: Stack) -> str:
    """The name of the bucket that holds the reports."""
    (described,) = stack.admin.client("cloudformation").describe_stacks(StackName=stack.name)["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}
    return str(outputs["ReportsBucketName"])


def _set_bucket_encryption(stack: Stack) -> None:
    """Applies the template's bucket encryption: MiniStack's CloudFormation ignores it, its S3 does not."""
    (bucket,) = (made["Properties"] for made in deployed_template.resources("AWS::S3::Bucket").values())
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    encryption = {
        "ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"],
        "BucketKeyEnabled": rule["BucketKeyEnabled"],
    }
    stack.admin.client("s3").put_bucket_encryption(
        Bucket=reports_bucket(stack), ServerSideEncryptionConfiguration={"Rules": [encryption]}
    )
