"""An operator sees of a problem payment: a log line with its ids, a metric, an alarm; never card data."""

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
from tests.flow.logs import log_text

SECONDS = 60.0
T = TypeVar("T")
Charge = Callable[..., dict[str, Any]]


class Watch:
    """The metrics and log lines since its creation, read again until the wanted one is there."""

    def __init__(self, cloud: Cloud) -> None:
        self.metrics, self._cloud = Metrics(cloud), cloud
        self.metrics.feed()
        self._fresh: list[emf.Value] = []

    def counted(self, name: str, **dimensions: str) -> float:
        """The sum of a metric under these dimensions, once it is not 0; 0 when the time is up."""
        wanted = tuple(sorted((dimensions | {"service": "payments"}).items()))

        def total() -> float:
            self._fresh += self.metrics.feed()
            return sum(value.value for value in self._fresh if (value.name, value.dimensions) == (name, wanted))

        return _eventually(total)

    def line(self, signal: str, payment_id: str) -> dict[str, Any]:
        """The first log line of a signal about a payment; empty when the time is up."""
        return _eventually(lambda: next(iter(self._lines(signal, payment_id)), {}))

    def _lines(self, signal: str, payment_id: str) -> Iterator[dict[str, Any]]:
        for line in log_text(self._cloud).splitlines():
            if f'"{signal}"' in line and payment_id in line:
                entry = json.loads(line)
                if (entry.get("signal"), entry.get("payment_id")) == (signal, payment_id):
                    yield entry


def _eventually(look: Callable[[], T]) -> T:
    deadline = time.monotonic() + SECONDS
    while not (found := look()) and time.monotonic() < deadline:
        time.sleep(0.2)
    return found


@pytest.fixture
def watch(admin: Cloud) -> Watch:
    return Watch(admin)


@pytest.fixture
def charge(shop: Shop, gateway: Control, payment: dict[str, Any]) -> Charge:
    """Charges an order of this name while the gateway plays a scenario."""

    def made(order: str, scenario: str, *, fields: dict[str, Any] | None = None, **play: Any) -> dict[str, Any]:
        gateway.script(scenario, order_id=order, **play)
        charged: dict[str, Any] = shop.charge(payment | {"order_id": order} | (fields or {}), order).json
        return charged

    return made


def test_an_integrity_mismatch_is_counted_by_field_and_logged_with_every_id(watch: Watch, charge: Charge) -> None:
    made = charge("observed-mismatch", "wrong-amount", webhook="lost")
    assert made["status"] == "needs_review"

    assert watch.counted("IntegrityMismatches", field="amount") >= 1
    assert watch.counted("Verdicts", status="needs_review") >= 1
    for signal in ("integrity_mismatch", "payment_needs_review"):
        line = watch.line(signal, made["id"])
        assert (line["level"], line["order_id"]) == ("ERROR", "observed-mismatch")
        assert line["transaction_id"].startswith("PA")
        assert line["correlation_id"]


def test_an_unsigned_webhook_is_counted_by_cause_and_logged_with_its_payment(watch: Watch, charge: Charge) -> None:
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


def test_a_decline_is_a_verdict_without_an_alarm(watch: Watch, charge: Charge) -> None:
    made = charge("observed-decline", "decline")

    assert watch.counted("Verdicts", status="failed") >= 1
    line = watch.line("payment_failed", made["id"])
    assert (line["level"], line["order_id"], line["source"]) == ("INFO", "observed-decline", "answer")
    assert line["transaction_id"] == made["transaction_id"]


def test_a_charge_without_a_clear_answer_counts_as_money_at_risk(
    watch: Watch, charge: Charge, table: Any, run_follow_up: Callable[..., Any]
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

    table.update_item(  # backdate the payment by an hour
        Key={"pk": made["id"]},
        UpdateExpression="SET created_at = :then",
        ExpressionAttributeValues={":then": (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")},
    )
    run_follow_up()

    assert watch.counted("MoneyAtRisk", currency="CHF") >= 7700
    assert watch.counted("PaymentsInDoubt") >= 1
    assert watch.counted("OldestUnresolvedPayment") >= 3600
    assert watch.counted("FollowUpRuns") >= 1


def test_an_alarm_reaches_the_topic(watch: Watch, charge: Charge, stack: Stack, admin: Cloud) -> None:
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

    alarm_name, alarms = f"{stack.name}-integrity-mismatch", dict[str, Any]()

    def received() -> dict[str, Any]:
        answer = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        notices = [json.loads(json.loads(message["Body"])["Message"]) for message in answer.get("Messages", [])]
        alarms.update({notice["AlarmName"]: notice for notice in notices if notice["NewStateValue"] == "ALARM"})
        notice: dict[str, Any] = alarms.get(alarm_name, {})
        return notice

    assert _eventually(received)["AlarmDescription"].endswith("docs/runbook.md#integrity-mismatch")


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

    log = log_text(admin)
    private = ("card_number", "email", "last_name", "address", "phone_number")
    assert [name for name in private if str(payment[name]) in log] == []
