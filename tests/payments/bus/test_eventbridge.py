"""The event bus counts the events accepted before the first failure, so no event is skipped."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from payments.bus.eventbridge import MAX_ENTRIES, EventBridgeBus
from payments.events.event import Event
from tests.fakes.clock import START
from tests.fakes.telemetry import RecordingTelemetry

Answer = Callable[[list[dict[str, Any]]], dict[str, Any]]


class FakeEventBridge:
    """Replaces boto3's EventBridge client. `answers` are for the first calls; later ones accept everything."""

    def __init__(self, *answers: Answer) -> None:
        self.calls: list[list[dict[str, Any]]] = []
        self._answers = list(answers)

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - boto3's name
        self.calls.append(Entries)
        return self._answers.pop(0)(Entries) if self._answers else accepts_all(Entries)


def accepts_all(entries: list[dict[str, Any]]) -> dict[str, Any]:
    return {"FailedEntryCount": 0, "Entries": [{"EventId": str(nth)} for nth, _ in enumerate(entries)]}


def refuses(*which: int, code: str = "InternalFailure") -> Answer:
    def answer(entries: list[dict[str, Any]]) -> dict[str, Any]:
        results = [
            {"ErrorCode": code, "ErrorMessage": "-"} if nth in which else {"EventId": str(nth)}
            for nth, _ in enumerate(entries)
        ]
        return {"FailedEntryCount": len(which), "Entries": results}

    return answer


def fails(error: Exception) -> Answer:
    def answer(entries: list[dict[str, Any]]) -> dict[str, Any]:
        raise error

    return answer


def events(many: int) -> list[Event]:
    return [
        Event("payment.pending", "pay_1", START + timedelta(seconds=nth), {"metadata": {"sequence": nth}})  # type: ignore[typeddict-item]
        for nth in range(many)
    ]


def published(client: FakeEventBridge, many: int) -> tuple[int, RecordingTelemetry]:
    telemetry = RecordingTelemetry()
    return EventBridgeBus(client, "payments", telemetry).publish(events(many)), telemetry


def test_an_entry_has_the_fields_of_the_contract() -> None:
    client = FakeEventBridge()
    published(client, 1)
    ((entry,),) = client.calls
    assert json.loads(entry.pop("Detail")) == {"metadata": {"sequence": 0}}
    assert entry == {
        "EventBusName": "payments",
        "Source": "payagency.payments",
        "DetailType": "payment.pending",
        "Time": START,
        "Resources": ["pay_1"],
    }


@pytest.mark.parametrize("many", [0, 1, MAX_ENTRIES, MAX_ENTRIES + 1, 3 * MAX_ENTRIES])
def test_entries_go_in_batches_of_ten_in_order(many: int) -> None:
    client = FakeEventBridge()
    accepted, _ = published(client, many)
    assert accepted == many
    assert all(len(batch) <= MAX_ENTRIES for batch in client.calls)
    sent = [json.loads(entry["Detail"])["metadata"]["sequence"] for batch in client.calls for entry in batch]
    assert sent == list(range(many))


@pytest.mark.parametrize(("refused", "accepted"), [((0,), 0), ((2,), 2), ((1, 3), 1), ((4,), 4)])
def test_events_count_as_published_up_to_the_first_refused_one(refused: tuple[int, ...], accepted: int) -> None:
    count, telemetry = published(FakeEventBridge(refuses(*refused)), 5)
    assert count == accepted
    assert telemetry.facts_of("event_refused") == [{"error": "InternalFailure"}]


def test_nothing_is_sent_after_a_partly_refused_batch() -> None:
    client = FakeEventBridge(accepts_all, refuses(5), accepts_all)
    accepted, _ = published(client, 3 * MAX_ENTRIES)
    assert (accepted, len(client.calls)) == (MAX_ENTRIES + 5, 2)


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "ThrottlingException", "Message": "-"}}, "PutEvents"),
        ClientError({"Error": {"Code": "PutEventsRequestEntryTooLarge", "Message": "-"}}, "PutEvents"),
        EndpointConnectionError(endpoint_url="https://events"),
    ],
)
def test_a_failed_call_counts_no_event_as_published(error: Exception) -> None:
    count, telemetry = published(FakeEventBridge(fails(error)), 3)
    assert (count, telemetry.signals) == (0, ["bus_unreachable"])


def test_batches_before_a_failed_call_count_as_published() -> None:
    down = fails(EndpointConnectionError(endpoint_url="https://events"))
    count, _ = published(FakeEventBridge(accepts_all, down), 2 * MAX_ENTRIES)
    assert count == MAX_ENTRIES


def test_a_failure_count_without_a_failed_entry_counts_no_event_as_published() -> None:
    def inconsistent(entries: list[dict[str, Any]]) -> dict[str, Any]:
        return accepts_all(entries) | {"FailedEntryCount": 1}

    count, telemetry = published(FakeEventBridge(inconsistent), 2)
    assert (count, telemetry.signals) == (0, ["event_refused"])
