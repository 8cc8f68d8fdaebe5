"""The example consumer's modules. Its handler, Powertools' idempotency and the queues are tested in tests/flow."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from consumer.events import UnsupportedEvent, event_in
from consumer.gap_detection import GapDetector
from scripts.event_samples import samples
from tests.payments.ledger import tables

SAMPLES = samples()


def without(name: str, *path: str) -> dict[str, Any]:
    event = copy.deepcopy(SAMPLES["event-succeeded"])
    member = event
    for part in path:
        member = member[part]
    del member[name]
    return event


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with tables.on_moto() as client:
        yield client


@pytest.fixture
def gaps(client: Any) -> Iterator[GapDetector]:
    client.create_table(
        TableName="remembered",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    yield GapDetector("remembered", client)
    client.delete_table(TableName="remembered")


class TestParsing:
    @pytest.mark.parametrize("name", SAMPLES)
    def test_every_sample_is_accepted(self, name: str) -> None:
        assert event_in(json.dumps(SAMPLES[name])) == SAMPLES[name]

    def test_new_members_of_a_later_version_are_accepted(self) -> None:
        event = copy.deepcopy(SAMPLES["event-succeeded"])
        event["detail"]["data"]["fee"] = 12
        event["detail"]["metadata"]["schema_version"] = "1.1"

        assert event_in(json.dumps(event)) == event

    @pytest.mark.parametrize(
        "body",
        [
            *["", "null", "[]", "{}", "4111"],
            json.dumps(without("event_id", "detail", "metadata")),
            json.dumps(without("payment_id", "detail", "data")),
            json.dumps(without("detail")),
            json.dumps(SAMPLES["event-succeeded"]).replace('"1.0"', '"2.0"'),
            json.dumps(SAMPLES["event-succeeded"]).replace('"sequence": 3', '"sequence": "x"'),
        ],
    )
    def test_an_unsupported_event_is_refused_without_quoting_it(self, body: str) -> None:
        with pytest.raises(UnsupportedEvent, match=r"^(no event of a payment: \w+|an event of a schema version .+)$"):
            event_in(body)


class TestGapDetection:
    def test_without_a_gap_nothing_is_missing(self, gaps: GapDetector) -> None:
        assert [gaps.missing_after("pay_1", n) for n in (1, 2, 3)] == [[], [], []]

    def test_a_gap_is_named_until_it_is_filled(self, gaps: GapDetector) -> None:
        assert [gaps.missing_after("pay_1", n) for n in (1, 4, 3, 2)] == [[], [2, 3], [2], []]

    def test_a_repeat_changes_nothing(self, gaps: GapDetector) -> None:
        assert [gaps.missing_after("pay_1", n) for n in (2, 2, 1, 1)] == [[1], [1], [], []]

    def test_payments_are_independent(self, gaps: GapDetector) -> None:
        gaps.missing_after("pay_1", 1)

        assert gaps.missing_after("pay_2", 2) == [1]
