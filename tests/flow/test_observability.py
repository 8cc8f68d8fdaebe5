"""What an operator sees of a payment that went wrong: a line with its ids, a metric, an alarm; never card data."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest

from local.dashboard import emf
from local.dashboard.cloudwatch import Metrics
from local.simulator.control_client import Control
from local.stack import Shop, Stack
from local.stack.cloud import Cloud
from tests.flow.logs import logged

SECONDS = 10.0
T = TypeVar("T")
Charge = Callable[..., dict[str, Any]]


class Watch:
    """The metrics and the lines of the run, read again until what is looked for is there."""

    def __init__(self, cloud: Cloud) -> None:
        self.metrics, self._cloud = Metrics(cloud), cloud
        self.metrics.feed()
        self._fresh: list[emf.Value] = []

    def counted(self, name: str, **dimensions: str) -> float:
        """The sum of what was counted in a metric, under these dimensions, since the watch began; not 0."""
        told = tuple(sorted((dimensions | {"service": "payments"}).items()))

        def total() -> float:
            self._fresh += self.metrics.feed()
            return sum(value.value for value in self._fresh if (value.name, value.dimensions) == (name, told))

        return _sooner_or_later(total)

    def line(self, signal: str, payment_id: str) -> dict[str, Any]:
        """The first line of a signal about a payment."""
        return _sooner_or_later(lambda: next(iter(self._lines(signal, payment_id)), {}))

    def _lines(self, signal: str, payment_id: str) -> Iterator[dict[str, Any]]:
        for line in logged(self._cloud).splitlines():
            if f'"{signal}"' in line and payment_id in line:
                told = json.loads(line)
                if (told.get("signal"), told.get("payment_id")) == (signal, payment_id):
                    yield told


def _sooner_or_later(found: Callable[[], T]) -> T:
    deadline = time.monotonic() + SECONDS
    while not (what := found()) and time.monotonic() < deadline:
        time.sleep(0.2)
    return what


@pytest.fixture
def watch(admin: Cloud) -> Watch:
    return Watch(admin)


@pytest.fixture
def charge(shop: Shop, gateway: Control, payment: dict[str, Any]) -> Charge:
    """Charges an order of this name while the gateway plays a scenario."""

    def made(order: str, scenario: str, *, fields: dict[str, Any] | None = None, **play: Any) -> dict[str, Any]:
        gateway.script(scenario, order_id=order, **play)
        told: dict[str, Any] = shop.charge(payment | {"order_id": order} | (fields or {}), order).json
        return told

    return made


def test_an_integrity_mismatch_is_counted_by_field_and_told_with_every_id(watch: Watch, charge: Charge) -> None:
    made = charge("observed-mismatch", "wrong-amount", webhook="lost")
    assert made["status"] == "needs_review"

    assert watch.counted("IntegrityMismatches", field="amount") >= 1
    assert watch.counted("Verdicts", status="needs_review") >= 1
    for signal in ("integrity_mismatch", "payment_needs_review"):
        line = watch.line(signal, made["id"])
        assert (line["level"], line["order_id"]) == ("ERROR", "observed-mismatch")
        assert line["transaction_id"].startswith("PA")
        assert line["correlation_id"]


def test_an_unsigned_webhook_is_counted_by_cause_and_told_with_its_payment(watch: Watch, charge: Charge) -> None:
    made = charge("observed-unsigned", "webhook-unsigned")

    assert watch.counted("WebhookRejections", cause="signature") >= 1
    assert watch.counted("WebhookSignatures", matched="none") >= 1
    line = watch.line("webhook_refused", made["id"])
    assert line["cause"] == "signature"
    assert line["correlation_id"]


def test_a_signed_webhook_is_counted_under_the_key_that_signed_it(watch: Watch, charge: Charge) -> None:
    made = charge("observed-signed", "approve")

    assert watch.counted("WebhookSignatures", matched="webhook_secret/current") >= 1
    assert watch.line("webhook_signature", made["id"])["matched"] == "webhook_secret/current"


def test_a_decline_is_a_verdict_and_wakes_nobody(watch: Watch, charge: Charge) -> None:
    made = charge("observed-decline", "decline")

    assert watch.counted("Verdicts", status="failed") >= 1
    line = watch.line("payment_failed", made["id"])
    assert (line["level"], line["order_id"], line["source"]) == ("INFO", "observed-decline", "answer")
    assert line["transaction_id"] == made["transaction_id"]


def test_a_charge_in_doubt_is_money_at_risk_until_the_gateway_speaks(
    watch: Watch, charge: Charge, table: Any, follow_up: Callable[..., Any]
) -> None:
    made = charge(
        "observed-doubt",
        "charged-then-500",
        fields={"currency": "CHF", "amount": 7700},
        webhook="lost",
        status="unavailable",
        status_times=99,
    )
    assert made["status"] == "processing"
    assert watch.counted("ChargesInDoubt") >= 1
    line = watch.line("charge_in_doubt", made["id"])
    assert (line["order_id"], line["why"]) == ("observed-doubt", "HTTP 500 without a JSON object")

    table.update_item(  # as if it had been made an hour ago
        Key={"pk": made["id"]},
        UpdateExpression="SET created_at = :then",
        ExpressionAttributeValues={":then": (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")},
    )
    follow_up()

    assert watch.counted("MoneyAtRisk", currency="CHF") >= 7700
    assert watch.counted("PaymentsInDoubt") >= 1
    assert watch.counted("OldestUnresolvedPayment") >= 3600
    assert watch.counted("FollowUpRuns") >= 1


def test_what_wakes_a_person_reaches_the_topic(watch: Watch, charge: Charge, stack: Stack, admin: Cloud) -> None:
    with_topic = admin.client("cloudformation").describe_stacks(StackName=stack.name)["Stacks"][0]["Outputs"]
    topic = next(output["OutputValue"] for output in with_topic if output["OutputKey"] == "AlarmTopicArn")
    sqs = admin.client("sqs")
    queue = sqs.create_queue(QueueName="pager")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = {"Version": "2012-10-17", "Statement": [statement | {"Resource": arn}]}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(policy)})
    admin.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    admin.client("cloudwatch").set_alarm_state(
        AlarmName=f"{stack.name}-integrity-mismatch", StateValue="OK", StateReason="a fresh start"
    )

    charge("observed-alarm", "wrong-currency", webhook="lost")
    assert watch.counted("IntegrityMismatches", field="currency") >= 1

    called = [
        json.loads(json.loads(message["Body"])["Message"])
        for _ in range(5)
        for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1).get(
            "Messages", []
        )
    ]
    rung = {each["AlarmName"]: each for each in called if each["NewStateValue"] == "ALARM"}
    assert rung[f"{stack.name}-integrity-mismatch"]["AlarmDescription"].endswith("docs/runbook.md#integrity-mismatch")


def test_the_dashboard_of_the_template_stands(stack: Stack, admin: Cloud) -> None:
    body = admin.client("cloudwatch").get_dashboard(DashboardName=stack.name)["DashboardBody"]

    shown = json.loads(body)["widgets"]
    assert "${AWS" not in body
    assert {f"arn:aws:cloudwatch:{stack.region}:000000000000:alarm:{name}" for name in Metrics(admin).alarms()} == set(
        shown[0]["properties"]["alarms"]
    )


def test_no_line_holds_what_identifies_the_card_or_the_shopper(
    watch: Watch, charge: Charge, admin: Cloud, payment: dict[str, Any]
) -> None:
    made = charge("observed-quietly", "wrong-amount")
    assert watch.line("integrity_mismatch", made["id"])

    said = logged(admin)
    private = ("card_number", "email", "last_name", "address", "phone_number")
    assert [name for name in private if str(payment[name]) in said] == []
