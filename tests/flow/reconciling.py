"""A stack of its own for the reconciliation, whose schedules rest: it reconciliations, follows up and finds when the test says so."""

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
from tests.house import deployed_template as estate

SCHEDULES: Final = ("payments-follow-up", "payments-reconciliation")


@dataclass(frozen=True)
class Report:
    """One report, as finance gets it: the JSON, and the rows of the CSV."""

    json: dict[str, Any]
    rows: list[dict[str, str]]
    text: str
    """Both files as they are."""

    def about(self, transaction_id: str | None) -> list[dict[str, Any]]:
        return [line for line in self.json["discrepancies"] if line["transaction_id"] == transaction_id]


@dataclass(frozen=True)
class World:
    """The stack, and all who have to do with it."""

    stack: Stack
    shop: Shop
    gateway: Control
    bus: Subscriber

    def pay(self, order: str, scenario: str, **play: Any) -> dict[str, Any]:
        """A payment of 1.00 GBP for an order, while the gateway plays this, and tells nothing of it by webhook."""
        self.gateway.script(scenario, order_id=order, **{"webhook": "lost"} | play)
        answer = self.shop.charge(document.payment() | {"order_id": order}, order)
        return self.read(answer.headers["Location"].rsplit("/", 1)[1])

    def read(self, payment_id: str) -> dict[str, Any]:
        answer = self.shop.get(f"/charges/{payment_id}")
        assert answer.status == 200, answer.body
        payment: dict[str, Any] = answer.json
        return payment

    def run(self, **asked: Any) -> dict[str, Any]:
        """One call of the reconciliation; `first` stands for `from`. What it returns, or `{"error": …}` when it refused."""
        told = {"from" if name == "first" else "to" if name == "last" else name: said for name, said in asked.items()}
        result: dict[str, Any] = self.call("ReconciliationFunction", told)
        return result

    def follow_up(self) -> None:
        """One run: what is known is told to the bus."""
        assert self.call("FollowUpFunction", {})["broken"] == 0

    def call(self, function: str, event: dict[str, Any]) -> Any:
        return call(self.stack, function, event)

    def report(self, result: dict[str, Any]) -> Report:
        return report(self.stack, result)

    def fetched(self, place: str) -> Any:
        return fetched(self.stack, place)

    def age(self, payment_id: str) -> None:
        """As if what has happened to the payment had happened two hours before: the reconciliation leaves alone what is of this
        hour, for the gateway's books may lag.
        """
        self._backdate(payment_id, ["created_at", *self._moments(payment_id)])

    def settle_down(self, payment_id: str) -> None:
        """As if what has happened to the payment were two hours old, but for its making, which is of today."""
        self._backdate(payment_id, self._moments(payment_id))

    def miss(self, payment_id: str) -> None:
        """As if the reconciliation of two days ago had found that nobody there knew the payment."""
        then = int((datetime.now(UTC) - timedelta(days=2)).timestamp() * 1000)
        self._table.update_item(
            Key={"pk": payment_id},
            UpdateExpression="SET missing_since = :then",
            ExpressionAttributeValues={":then": then},
        )

    def _moments(self, payment_id: str) -> list[str]:
        return [f"#history[{nth}].#at" for nth in range(len(self.item(payment_id)["history"]))]

    def _backdate(self, payment_id: str, paths: list[str]) -> None:
        then = datetime.now(UTC) - timedelta(hours=2)
        self._table.update_item(
            Key={"pk": payment_id},
            UpdateExpression="SET " + ", ".join(f"{path} = :then" for path in paths),
            ExpressionAttributeNames={"#history": "history", "#at": "at"},
            ExpressionAttributeValues={":then": then.strftime("%Y-%m-%dT%H:%M:%S.%fZ")},
        )

    @property
    def _table(self) -> Any:
        return self.stack.admin.resource("dynamodb").Table(self.stack.table)

    def item(self, key: str) -> dict[str, Any]:
        found: dict[str, Any] = self._table.get_item(Key={"pk": key}, ConsistentRead=True).get("Item", {})
        return found


def call(stack: Stack, function: str, event: dict[str, Any]) -> Any:
    """What the published version of a function returns, or `{"error": …}`."""
    answer = stack.admin.client("lambda").invoke(
        FunctionName=stack.functions[function], Qualifier="live", Payload=json.dumps(event)
    )
    said = json.loads(answer["Payload"].read())
    return {"error": said["errorMessage"]} if "FunctionError" in answer else said


def report(stack: Stack, result: dict[str, Any]) -> Report:
    """The report that a finished reconciliation's result names."""
    told, table = (fetched(stack, result["report"][form])["Body"].read().decode() for form in ("json", "csv"))
    return Report(json.loads(told), list(csv.DictReader(io.StringIO(table))), told + table)


def fetched(stack: Stack, place: str) -> Any:
    """S3's answer for an `s3://` place."""
    bucket, _, key = place.removeprefix("s3://").partition("/")
    return stack.admin.client("s3").get_object(Bucket=bucket, Key=key)


@contextmanager
def world() -> Iterator[World]:
    """Up, and down again."""
    with running(simulator_options=("--webhook-intervals", "0.1,0.2,0.3")) as stack:
        rest(stack, *SCHEDULES)
        _encrypt_as_the_template_says(stack)
        gateway = Control(stack.gateway.control_url or "")
        with subscribed(stack.admin, stack.bus) as bus:
            yield World(stack, Shop(stack.api_url, stack.region, stack.identities.client), gateway, bus)
        gateway.close()


def rest(stack: Stack, *schedules: str) -> None:
    """What they start, only the test starts from now on."""
    scheduler = stack.admin.client("scheduler")
    for name in schedules:
        schedule = scheduler.get_schedule(Name=name)
        kept = {key: schedule[key] for key in ("Name", "ScheduleExpression", "FlexibleTimeWindow", "Target")}
        scheduler.update_schedule(**kept, State="DISABLED")


def _encrypt_as_the_template_says(stack: Stack) -> None:
    """MiniStack's CloudFormation passes over a bucket's encryption; its S3 does not."""
    (bucket,) = (made["Properties"] for made in estate.resources("AWS::S3::Bucket").values())
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    told = {
        "ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"],
        "BucketKeyEnabled": rule["BucketKeyEnabled"],
    }
    stack.admin.client("s3").put_bucket_encryption(
        Bucket=reports_bucket(stack), ServerSideEncryptionConfiguration={"Rules": [told]}
    )


def reports_bucket(stack: Stack) -> str:
    (described,) = stack.admin.client("cloudformation").describe_stacks(StackName=stack.name)["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}
    return str(outputs["ReportsBucketName"])
