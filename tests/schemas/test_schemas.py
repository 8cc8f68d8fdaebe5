"""The schemas match the events that the code makes, and no breaking change gets into a published version."""

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
from tests.schemas import histories

CHECKED_IN = ROOT / "schemas" / SCHEMA_VERSION
VALIDATORS = {name: Draft202012Validator(schema) for name, schema in schemas().items()}
SAMPLES = samples()
INVALID: dict[str, tuple[tuple[str, ...], Any]] = {
    "a name": (("data", "first_name"), "James"),
    "a card": (("data", "card"), {"last4": "1111"}),
    "more metadata": (("metadata", "trace"), "1"),
    "an amount as text": (("data", "amount"), "4999"),
    "a fraction of a minor unit": (("data", "amount"), 49.99),
    "no amount": (("data", "amount"), None),
    "a status of another event": (("data", "status"), "failed"),
    "an unknown status": (("data", "previous_status"), "paid"),
    "a currency in small letters": (("data", "currency"), "gbp"),
    "a date without a time": (("metadata", "occurred_at"), "2027-01-31"),
    "a sequence of zero": (("metadata", "sequence"), 0),
    "another version": (("metadata", "schema_version"), "2.0"),
    "replayed: false": (("metadata", "replayed"), False),
    "a number as order_id": (("data", "order_id"), 1001),
}


class TestCheckedIn:
    """The files in the repository; `make fix` writes them."""

    def test_schemas_are_generated_from_the_code(self) -> None:
        written = {path.stem: path.read_text() for path in CHECKED_IN.iterdir()}

        assert written == {name: text(schema) for name, schema in schemas().items()}

    def test_samples_are_generated_from_the_code(self) -> None:
        written = {path.stem: path.read_text() for path in (ROOT / "events").glob("event-*.json")}

        assert written == {name: text(sample) for name, sample in SAMPLES.items()}

    def test_schemas_are_valid_json_schemas(self) -> None:
        for schema in schemas().values():
            Draft202012Validator.check_schema(schema)


class TestEvents:
    def test_every_event_of_the_code_matches_its_schema(self) -> None:
        delivered = [as_delivered(event, event.type) for event in histories.events()]
        different = {json.dumps(event, sort_keys=True): event for event in delivered}
        for event in different.values():
            VALIDATORS[event["detail-type"]].validate(event)

        assert {event["detail-type"] for event in delivered} == set(TYPES)
        assert {event["detail"]["data"]["status"] for event in delivered} == set(Status)

    def test_every_type_has_a_sample_that_matches_its_schema(self) -> None:
        for sample in SAMPLES.values():
            VALIDATORS[sample["detail-type"]].validate(sample)

        assert {sample["detail-type"] for sample in SAMPLES.values()} == set(TYPES)

    def test_a_replay_from_the_archive_matches_the_schema(self) -> None:
        VALIDATORS["payment.succeeded"].validate(SAMPLES["event-succeeded"] | {"replay-name": "again"})

    @pytest.mark.parametrize("case", INVALID)
    def test_an_invalid_event_is_refused(self, case: str) -> None:
        (part, name), value = INVALID[case]
        event = copy.deepcopy(SAMPLES["event-succeeded"])
        event["detail"][part][name] = value

        with pytest.raises(ValidationError):
            VALIDATORS["payment.succeeded"].validate(event)

    @pytest.mark.parametrize("part", ["metadata", "data"])
    def test_no_field_may_be_missing(self, part: str) -> None:
        for name in SAMPLES["event-succeeded"]["detail"][part]:
            event = copy.deepcopy(SAMPLES["event-succeeded"])
            del event["detail"][part][name]
            assert not VALIDATORS["payment.succeeded"].is_valid(event), name

    def test_a_refunded_event_needs_its_time(self) -> None:
        event = copy.deepcopy(SAMPLES["event-refunded"])
        event["detail"]["data"]["refund"]["refunded_at"] = None

        assert not VALIDATORS["payment.refunded"].is_valid(event)


class TestWriting:
    def test_unchanged_schemas_may_be_written_again(self) -> None:
        assert refused(CHECKED_IN, schemas()) == []

    def test_a_breaking_change_is_refused_but_allowed_in_a_new_version(self, tmp_path: Path) -> None:
        changed = schemas()
        del changed["payment.failed"]["$defs"]["PaymentFacts"]["properties"]["currency"]

        assert refused(CHECKED_IN, changed) == ["payment.failed/$defs/PaymentFacts/properties/currency: removed"]
        assert refused(tmp_path / "2.0", changed) == []

    def test_a_removed_type_is_refused_and_a_new_type_is_not(self, tmp_path: Path) -> None:
        write(tmp_path, {"payment.failed": {}})

        assert refused(tmp_path, {"payment.captured": {}}) == ["payment.failed: removed"]

    def test_written_text_is_read_back_unchanged(self, tmp_path: Path) -> None:
        write(tmp_path, {"event": {"message": "für £ 1"}})

        assert json.loads((tmp_path / "event.json").read_text()) == {"message": "für £ 1"}
