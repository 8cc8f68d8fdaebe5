"""The example consumer on the stack: prints an event once, reports a gap, and puts aside what it cannot read."""

import copy
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local.consumer.deployment import deployed
from local.consumer.log_tail import Log
from local.simulator.control_client import Control
from local.stack import Shop, Stack
from local.stack.cloud import Cloud
from local.stack.subscriber import Subscriber
from scripts.event_samples import samples

Line = dict[str, Any]
APPROVED = "4111111111111111"


class Consumer:
    """Sends events to the deployed consumer, and reads its log and its dead-letter queue."""

    def __init__(self, cloud: Cloud, bus: str, outputs: dict[str, str]) -> None:
        self._events, self._sqs = cloud.client("events"), cloud.client("sqs")
        self._bus, self._outputs = bus, outputs
        self._log, self.lines = Log(cloud, outputs["LogGroup"]), list[Line]()

    def send(self, event: dict[str, Any]) -> None:
        """Puts an event on the bus."""
        entry = {
            "EventBusName": self._bus,
            "Source": event["source"],
            "DetailType": event["detail-type"],
            "Resources": event["resources"],
            "Detail": json.dumps(event["detail"]),
        }
        assert self._events.put_events(Entries=[entry])["FailedEntryCount"] == 0

    def hurry(self) -> None:
        """Shortens the queue's retry delay from the template's minute to a second."""
        self._sqs.set_queue_attributes(QueueUrl=self._outputs["InboxUrl"], Attributes={"VisibilityTimeout": "1"})

    def put_aside(self) -> list[dict[str, Any]]:
        """The events in the dead-letter queue, once there is one."""
        queue = self._outputs["DeadLettersUrl"]
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            answer = self._sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=15)
            if messages := answer.get("Messages", []):
                return [json.loads(message["Body"]) for message in messages]
        return []

    def wait_for(self, wanted: Callable[[Line], bool], timeout: float = 60.0) -> list[Line]:
        """The matching lines, as soon as there is one; none when the time is up."""
        deadline = time.monotonic() + timeout
        while not (found := [line for line in self.read() if wanted(line)]) and time.monotonic() < deadline:
            time.sleep(0.2)
        return found

    def read(self) -> list[Line]:
        self.lines += self._log.fresh()
        return self.lines

    def printed(self, event_id: str) -> list[Line]:
        return [line for line in self.read() if line.get("event_id") == event_id]


@pytest.fixture(scope="module")
def consumer(stack: Stack) -> Iterator[Consumer]:
    outputs = dict(deployed(stack.admin, stack.bus))
    consumer = Consumer(stack.admin, stack.bus, outputs)
    yield consumer
    stack.admin.client("cloudformation").delete_stack(StackName="payments-consumer")


def invented(name: str, payment_id: str, sequence: int) -> dict[str, Any]:
    """A sample event under another payment id and sequence."""
    event = copy.deepcopy(samples()[name])
    event["detail"]["data"]["payment_id"] = payment_id
    event["detail"]["metadata"] |= {"event_id": f"{payment_id}:{sequence}", "sequence": sequence}
    return event


def test_an_event_that_came_twice_is_printed_once(
    consumer: Consumer, shop: Shop, gateway: Control, bus: Subscriber, payment: dict[str, Any]
) -> None:
    charged = shop.charge(payment | {"card_number": APPROVED}, "for-the-consumer").json
    gateway.decide(charged["transaction_id"], "approve")
    event = bus.wait_for(charged["id"], "payment.succeeded")
    assert event is not None
    consumer.send(event)
    consumer.send(invented("event-processing", "pay_" + "z" * 26, 1))  # behind it: received means the repeat was, too

    assert consumer.wait_for(lambda line: line.get("payment_id") == "pay_" + "z" * 26)
    assert consumer.wait_for(lambda line: line.get("event_id") == f"{charged['id']}:3")
    (printed,) = consumer.printed(f"{charged['id']}:3")
    assert printed["message"] == f"payment.succeeded {charged['id']} {payment['amount']} GBP"


def test_a_gap_in_the_sequence_is_reported(consumer: Consumer) -> None:
    payment_id = "pay_" + "g" * 26
    consumer.send(invented("event-processing", payment_id, 1))
    consumer.send(invented("event-refunded", payment_id, 4))

    def warned(line: Line) -> bool:
        return line.get("payment_id") == payment_id and line["level"] == "WARNING" and line["missing"] == [2, 3]

    assert consumer.wait_for(warned)


def test_an_unreadable_event_goes_to_the_dead_letters_and_blocks_no_other(consumer: Consumer) -> None:
    poison = invented("event-succeeded", "pay_" + "p" * 26, 1)
    poison["detail"]["metadata"]["schema_version"] = "9.0"
    consumer.hurry()
    consumer.send(poison)
    consumer.send(invented("event-processing", "pay_" + "q" * 26, 1))

    (aside,) = consumer.put_aside()
    assert aside["detail"] == poison["detail"]
    assert consumer.wait_for(lambda line: line.get("payment_id") == "pay_" + "q" * 26)
    assert not [line for line in consumer.read() if line.get("payment_id") == "pay_" + "p" * 26]
