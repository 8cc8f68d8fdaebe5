"""The example consumer on the stack: prints each payment once, notices a gap, puts aside what it cannot take."""

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
    """What it was sent, what it wrote, and what it put aside."""

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
        """What failed is tried again at once, not after the minute that the template gives."""
        self._sqs.set_queue_attributes(QueueUrl=self._outputs["InboxUrl"], Attributes={"VisibilityTimeout": "1"})

    def put_aside(self) -> list[dict[str, Any]]:
        """The events in the dead-letter queue, once there is one."""
        queue = self._outputs["DeadLettersUrl"]
        messages = self._sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=15)
        return [json.loads(message["Body"]) for message in messages.get("Messages", [])]

    def wait_for(self, wanted: Callable[[Line], bool], timeout: float = 15.0) -> list[Line]:
        """The lines that fit, as soon as there is one."""
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
    """A sample event, of another payment, somewhere in its history."""
    event = copy.deepcopy(samples()[name])
    event["detail"]["data"]["payment_id"] = payment_id
    event["detail"]["metadata"] |= {"event_id": f"{payment_id}:{sequence}", "sequence": sequence}
    return event


def test_a_payment_is_printed_once_although_its_event_came_twice(
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


def test_a_gap_in_the_sequence_is_noticed_and_named(consumer: Consumer) -> None:
    payment_id = "pay_" + "g" * 26
    consumer.send(invented("event-processing", payment_id, 1))
    consumer.send(invented("event-refunded", payment_id, 4))

    def warned(line: Line) -> bool:
        return line.get("payment_id") == payment_id and line["level"] == "WARNING" and line["missing"] == [2, 3]

    assert consumer.wait_for(warned)


def test_an_event_that_cannot_be_taken_is_put_aside_and_holds_up_no_other(consumer: Consumer) -> None:
    poison = invented("event-succeeded", "pay_" + "p" * 26, 1)
    poison["detail"]["metadata"]["schema_version"] = "9.0"
    consumer.hurry()
    consumer.send(poison)
    consumer.send(invented("event-processing", "pay_" + "q" * 26, 1))

    (aside,) = consumer.put_aside()
    assert aside["detail"] == poison["detail"]
    assert consumer.wait_for(lambda line: line.get("payment_id") == "pay_" + "q" * 26)
    assert not [line for line in consumer.read() if line.get("payment_id") == "pay_" + "p" * 26]
