"""The bus on EventBridge: what it took is counted from the front, and what it did not take is never passed over."""

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


class Client:
    """Stands in for boto3's EventBridge client; each call has an answer of its own."""

    def __init__(self, *answers: Answer) -> None:
        self.calls: list[list[dict[str, Any]]] = []
        self._answers = list(answers)

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - boto3's name
        self.calls.append(Entries)
        return self._answers.pop(0)(Entries) if self._answers else takes_all(Entries)


def takes_all(entries: list[dict[str, Any]]) -> dict[str, Any]:
    return {"FailedEntryCount": 0, "Entries": [{"EventId": str(nth)} for nth, _ in enumerate(entries)]}


def refuses(*which: int, code: str = "InternalFailure") -> Answer:
    def answer(entries: list[dict[str, Any]]) -> dict[str, Any]:
        told = [
            {"ErrorCode": code, "ErrorMessage": "-"} if nth in which else {"EventId": str(nth)}
            for nth, _ in enumerate(entries)
        ]
        return {"FailedEntryCount": len(which), "Entries": told}

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


def published(client: Client, many: int) -> tuple[int, RecordingTelemetry]:
    telemetry = RecordingTelemetry()
    return EventBridgeBus(client, "payments", telemetry).publish(events(many)), telemetry


def test_an_entry_is_what_the_contract_says() -> None:
    client = Client()
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
    client = Client()
    taken, _ = published(client, many)
    assert taken == many
    assert all(len(batch) <= MAX_ENTRIES for batch in client.calls)
    sent = [json.loads(entry["Detail"])["metadata"]["sequence"] for batch in client.calls for entry in batch]
    assert sent == list(range(many))


@pytest.mark.parametrize(("refused", "taken"), [((0,), 0), ((2,), 2), ((1, 3), 1), ((4,), 4)])
def test_what_was_taken_counts_up_to_the_first_that_was_not(refused: tuple[int, ...], taken: int) -> None:
    count, telemetry = published(Client(refuses(*refused)), 5)
    assert count == taken
    assert telemetry.facts_of("event_refused") == [{"error": "InternalFailure"}]


def test_nothing_is_sent_after_a_batch_that_was_not_taken_whole() -> None:
    client = Client(takes_all, refuses(5), takes_all)
    taken, _ = published(client, 3 * MAX_ENTRIES)
    assert (taken, len(client.calls)) == (MAX_ENTRIES + 5, 2)


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "ThrottlingException", "Message": "-"}}, "PutEvents"),
        ClientError({"Error": {"Code": "PutEventsRequestEntryTooLarge", "Message": "-"}}, "PutEvents"),
        EndpointConnectionError(endpoint_url="https://events"),
    ],
)
def test_a_bus_that_cannot_be_reached_has_taken_nothing(error: Exception) -> None:
    count, telemetry = published(Client(fails(error)), 3)
    assert (count, telemetry.signals) == (0, ["bus_unreachable"])


def test_a_bus_that_goes_down_half_way_has_taken_the_half() -> None:
    down = fails(EndpointConnectionError(endpoint_url="https://events"))
    count, _ = published(Client(takes_all, down), 2 * MAX_ENTRIES)
    assert count == MAX_ENTRIES


def test_an_answer_that_counts_a_failure_but_names_none_has_taken_nothing() -> None:
    def odd(entries: list[dict[str, Any]]) -> dict[str, Any]:
        return takes_all(entries) | {"FailedEntryCount": 1}

    count, telemetry = published(Client(odd), 2)
    assert (count, telemetry.signals) == (0, ["event_refused"])
