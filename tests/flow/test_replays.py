"""Events published again through the stack: by the archive, as the template describes it, and from the table."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from local.simulator.control_client import Control
from local.stack import Shop, Stack
from local.stack.cloud import Cloud
from local.stack.subscriber import Subscriber
from scripts.event_schemas import schemas
from tests.house import deployed_template
from tests.house.checkout import ROOT

EXPORT = re.compile(r"^export (\w+)=(.*)$", re.MULTILINE)


@pytest.fixture(scope="module")
def archive(admin: Cloud, stack: Stack) -> Iterator[dict[str, str]]:
    """The template's archive, created through the API: the emulator's CloudFormation knows none."""
    events, properties = admin.client("events"), deployed_template.written()["Resources"]["EventArchive"]["Properties"]
    bus = events.describe_event_bus(Name=stack.bus)["Arn"]
    pattern = json.dumps(properties["EventPattern"])
    made = events.create_archive(ArchiveName="everything", EventSourceArn=bus, EventPattern=pattern)
    yield {"archive": made["ArchiveArn"], "bus": bus}
    events.delete_archive(ArchiveName="everything")


@pytest.fixture(scope="module")
def paid(archive: dict[str, str], shop: Shop, gateway: Control, bus: Subscriber) -> str:
    """A payment that succeeded while the archive recorded."""
    document = json.loads((ROOT / "events/charge-document.json").read_text())
    charged = shop.charge(document | {"order_id": "for-the-archive"}, "for-the-archive").json
    gateway.decide(charged["transaction_id"], "approve")
    assert archive
    assert bus.wait_for(charged["id"], "payment.succeeded")
    return str(charged["id"])


def test_republished_events_are_the_same_marked_and_meet_the_schema(
    paid: str, stack: Stack, bus: Subscriber, tmp_path: Path
) -> None:
    republished = republish(stack, tmp_path, "--payment", paid)

    assert republished.stdout == "3 events of 1 payments published again; the bus refused 0\n", republished.stderr
    again = wait_for(bus, paid, 3, lambda event: event["detail"]["metadata"].get("replayed"))
    for event in again:
        Draft202012Validator(schemas()[event["detail-type"]]).validate(event)
    firsts = {event["detail"]["metadata"]["event_id"] for event in bus.of(paid)}
    assert {event["detail"]["metadata"]["event_id"] for event in again} == firsts


def test_a_days_events_hold_the_payments_of_that_day(paid: str, stack: Stack, tmp_path: Path) -> None:
    day = datetime.now(UTC).date()
    counted = republish(stack, tmp_path, "--dry-run", "--day", day.isoformat())

    assert paid
    assert re.match(r"[1-9]\d* events of [1-9]\d* payments would be published again", counted.stdout), counted.stderr


def test_the_archive_replays_first_publications_only(
    paid: str, archive: dict[str, str], admin: Cloud, bus: Subscriber
) -> None:
    now = datetime.now(UTC)
    admin.client("events").start_replay(
        ReplayName="again",
        EventSourceArn=archive["archive"],
        EventStartTime=now - timedelta(hours=1),
        EventEndTime=now + timedelta(hours=1),
        Destination={"Arn": archive["bus"]},
    )

    replayed = wait_for(bus, paid, 3, lambda event: "replay-name" in event)
    assert sorted(event["detail"]["metadata"]["sequence"] for event in replayed) == [1, 2, 3]
    assert not any("replayed" in event["detail"]["metadata"] for event in replayed)


def republish(stack: Stack, directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the command as an operator does: the environment names the cloud, the stack's outputs name table and bus."""
    file = directory / "stack.json"
    file.write_text(json.dumps(stack.manifest()))
    lines = run({}, "-m", "local.env", "--file", str(file)).stdout
    cloud = {name: value.strip("'") for name, value in EXPORT.findall(lines)}
    return run(cloud | {"PYTHONPATH": "functions"}, "-m", "operate.republish", *arguments)


def run(variables: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=os.environ | variables, capture_output=True, text=True, check=False
    )


def wait_for(bus: Subscriber, payment_id: str, count: int, wanted: Any) -> list[dict[str, Any]]:
    """The payment's matching events, once there are this many."""
    deadline = time.monotonic() + 60
    while len(found := [event for event in bus.of(payment_id) if wanted(event)]) < count:
        assert time.monotonic() < deadline, bus.of(payment_id)
        bus.poll()
    return found
