"""A consumer of the bus: a rule that sends every event to a queue."""

from __future__ import annotations

import contextlib
import json
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from local.stack.cloud import Cloud

SOURCE = "payagency.payments"
_POLL_SECONDS = 1  # SQS takes whole seconds


@dataclass(slots=True)
class Subscriber:
    """`received`: every event in the order of arrival, in EventBridge's envelope: detail-type, source, detail, …"""

    _sqs: Any
    _queue_url: str
    received: list[dict[str, Any]] = field(default_factory=list)

    def poll(self, seconds: int = _POLL_SECONDS) -> list[dict[str, Any]]:
        """The new events. Returns as soon as there is one, or after `seconds` without any."""
        messages = self._sqs.receive_message(
            QueueUrl=self._queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=seconds
        ).get("Messages", [])
        for message in messages:
            self._sqs.delete_message(QueueUrl=self._queue_url, ReceiptHandle=message["ReceiptHandle"])
        fresh = [json.loads(message["Body"]) for message in messages]
        self.received += fresh
        return fresh

    def of(self, payment_id: str) -> list[dict[str, Any]]:
        return [event for event in self.received if event["detail"]["data"]["payment_id"] == payment_id]

    def wait_for(self, payment_id: str, detail_type: str, timeout: float = 60.0) -> dict[str, Any] | None:
        """The first such event, or None after `timeout` seconds."""
        return self._wait(lambda: _first(self.of(payment_id), detail_type), timeout)

    def _wait(self, found: Callable[[], dict[str, Any] | None], timeout: float) -> dict[str, Any] | None:
        deadline = time.monotonic() + timeout
        while (event := found()) is None and time.monotonic() < deadline:
            self.poll()
        return event


def _first(events: list[dict[str, Any]], detail_type: str) -> dict[str, Any] | None:
    return next((event for event in events if event["detail-type"] == detail_type), None)


@contextlib.contextmanager
def subscribed(cloud: Cloud, bus: str) -> Iterator[Subscriber]:
    name = f"subscriber-{secrets.token_hex(4)}"
    sqs, events = cloud.client("sqs"), cloud.client("events")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    rule = events.put_rule(Name=name, EventBusName=bus, EventPattern=json.dumps({"source": [SOURCE]}))["RuleArn"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": _letting_in(rule, arn)})
    events.put_targets(Rule=name, EventBusName=bus, Targets=[{"Id": "queue", "Arn": arn}])
    try:
        yield Subscriber(sqs, url)
    finally:
        events.remove_targets(Rule=name, EventBusName=bus, Ids=["queue"])
        events.delete_rule(Name=name, EventBusName=bus)
        sqs.delete_queue(QueueUrl=url)


def _letting_in(rule: str, queue: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
