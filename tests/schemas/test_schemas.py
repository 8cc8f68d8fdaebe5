"""The schemas say what the code does: no more, no less, and nothing else than yesterday."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from payments.events.event import SCHEMA_VERSION
from payments.model.status import Status
from scripts.event_samples import as_delivered, samples
from scripts.event_schemas import TYPES, schemas
from scripts.write_event_schemas import refused, text, write
from tests.house.checkout import ROOT
from tests.schemas import histories as walks

CHECKED_IN = ROOT / "schemas" / SCHEMA_VERSION
VALIDATORS = {name: Draft202012Validator(schema) for name, schema in schemas().items()}
SAMPLES = samples()
WRONG: dict[str, tuple[tuple[str, ...], Any]] = {
    "a name": (("data", "first_name"), "James"),
    "a card": (("data", "card"), {"last4": "1111"}),
    "more metadata": (("metadata", "trace"), "1"),
    "an amount as text": (("data", "amount"), "4999"),
    "a fraction of a penny": (("data", "amount"), 49.99),
    "no amount": (("data", "amount"), None),
    "a status of another event": (("data", "status"), "failed"),
    "a status nobody knows": (("data", "previous_status"), "paid"),
    "a currency in small letters": (("data", "currency"), "gbp"),
    "a day for a moment": (("metadata", "occurred_at"), "2027-01-31"),
    "a sequence from nothing": (("metadata", "sequence"), 0),
    "another version": (("metadata", "schema_version"), "2.0"),
    "not replayed, but said": (("metadata", "replayed"), False),
    "a number for an order": (("data", "order_id"), 1001),
}


class TestCheckedIn:
    """`make fix` writes them."""

    def test_schemas_are_those_of_the_code(self) -> None:
        there = {path.stem: path.read_text() for path in CHECKED_IN.iterdir()}

        assert there == {name: text(schema) for name, schema in schemas().items()}

    def test_samples_are_those_of_the_code(self) -> None:
        there = {path.stem: path.read_text() for path in (ROOT / "events").glob("event-*.json")}

        assert there == {name: text(sample) for name, sample in SAMPLES.items()}

    def test_schemas_are_valid_themselves(self) -> None:
        for schema in schemas().values():
            Draft202012Validator.check_schema(schema)


class TestEvents:
    def test_every_event_that_the_code_can_make_meets_its_schema(self) -> None:
        told = [as_delivered(event, event.type) for event in walks.events()]
        for event in told:
            VALIDATORS[event["detail-type"]].validate(event)

        assert {event["detail-type"] for event in told} == set(TYPES)
        assert {event["detail"]["data"]["status"] for event in told} == set(Status)

    def test_every_type_has_a_sample_that_meets_its_schema(self) -> None:
        for sample in SAMPLES.values():
            VALIDATORS[sample["detail-type"]].validate(sample)

        assert {sample["detail-type"] for sample in SAMPLES.values()} == set(TYPES)

    def test_a_replay_from_the_archive_meets_the_schema(self) -> None:
        VALIDATORS["payment.succeeded"].validate(SAMPLES["event-succeeded"] | {"replay-name": "again"})

    @pytest.mark.parametrize("what", WRONG)
    def test_what_no_event_may_hold_is_refused(self, what: str) -> None:
        (room, name), value = WRONG[what]
        event = copy.deepcopy(SAMPLES["event-succeeded"])
        event["detail"][room][name] = value

        with pytest.raises(ValidationError):
            VALIDATORS["payment.succeeded"].validate(event)

    @pytest.mark.parametrize("room", ["metadata", "data"])
    def test_nothing_may_be_missing(self, room: str) -> None:
        for name in SAMPLES["event-succeeded"]["detail"][room]:
            event = copy.deepcopy(SAMPLES["event-succeeded"])
            del event["detail"][room][name]
            assert not VALIDATORS["payment.succeeded"].is_valid(event), name

    def test_a_refund_without_its_moment_is_none(self) -> None:
        event = copy.deepcopy(SAMPLES["event-refunded"])
        event["detail"]["data"]["refund"]["refunded_at"] = None

        assert not VALIDATORS["payment.refunded"].is_valid(event)


class TestWriting:
    def test_what_is_checked_in_may_be_written_anew(self) -> None:
        assert refused(CHECKED_IN, schemas()) == []

    def test_a_breaking_change_is_refused_and_a_new_version_is_not(self, tmp_path: Path) -> None:
        changed = schemas()
        del changed["payment.failed"]["$defs"]["PaymentFacts"]["properties"]["currency"]

        assert refused(CHECKED_IN, changed) == ["payment.failed/$defs/PaymentFacts/properties/currency: removed"]
        assert refused(tmp_path / "2.0", changed) == []

    def test_a_type_that_comes_no_more_is_refused_and_a_new_one_is_not(self, tmp_path: Path) -> None:
        write(tmp_path, {"payment.failed": {}})

        assert refused(tmp_path, {"payment.captured": {}}) == ["payment.failed: removed"]

    def test_what_is_written_is_what_is_read(self, tmp_path: Path) -> None:
        write(tmp_path, {"event": {"message": "für £ 1"}})

        assert json.loads((tmp_path / "event.json").read_text()) == {"message": "für £ 1"}
