"""Which changes of a schema break consumers, and which do not."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from scripts.compatibility import breaches
from scripts.event_schemas import schemas

Schema = dict[str, Any]
BEFORE = schemas()["payment.succeeded"]


def facts(schema: Schema) -> Schema:
    found: Schema = schema["$defs"]["PaymentFacts"]
    return found


def properties(schema: Schema) -> Schema:
    found: Schema = facts(schema)["properties"]
    return found


def rename(schema: Schema) -> None:
    properties(schema)["sum"] = properties(schema).pop("amount")


BREAKING: dict[str, Callable[[Schema], object]] = {
    "removed": lambda schema: properties(schema).pop("currency"),
    "renamed": rename,
    "another type": lambda schema: properties(schema)["amount"].update(type="string"),
    "no longer nullable": lambda schema: properties(schema)["order_id"]["anyOf"].pop(),
    "nullable": lambda schema: properties(schema).update(amount={"anyOf": [{"type": "integer"}, {"type": "null"}]}),
    "a status removed": lambda schema: schema["$defs"]["Status"]["enum"].pop(),
    "a status added, which no consumer knows": lambda schema: schema["$defs"]["Status"]["enum"].append("captured"),
    "required": lambda schema: schema["$defs"]["EventMetadata"]["required"].append("replayed"),
    "no longer required": lambda schema: facts(schema)["required"].remove("amount"),
    "another pattern": lambda schema: properties(schema)["payment_id"].update(pattern="^p_"),
    "a new limit": lambda schema: properties(schema)["amount"].update(maximum=100),
    "open to more fields": lambda schema: facts(schema).update(additionalProperties=True),
    "another detail-type": lambda schema: schema["properties"]["detail-type"].update(const="payment.paid"),
    "a definition removed": lambda schema: schema["$defs"].pop("FailureFact"),
}

COMPATIBLE: dict[str, Callable[[Schema], object]] = {
    "nothing": lambda _: None,
    "an optional field": lambda schema: properties(schema).update(fee={"type": "integer"}),
    "a description": lambda schema: properties(schema)["amount"].update(description="Pennies."),
    "examples": lambda schema: schema.update(examples=[]),
    "the order of a list": lambda schema: facts(schema)["required"].reverse(),
    "a definition added": lambda schema: schema["$defs"].update(Fee={"type": "object"}),
}


def changed(change: Callable[[Schema], object]) -> Schema:
    after = copy.deepcopy(BEFORE)
    change(after)
    return after


@pytest.mark.parametrize("change", BREAKING)
def test_a_breaking_change_is_reported(change: str) -> None:
    assert list(breaches(BEFORE, changed(BREAKING[change])))


@pytest.mark.parametrize("change", COMPATIBLE)
def test_a_compatible_change_is_not_reported(change: str) -> None:
    assert list(breaches(BEFORE, changed(COMPATIBLE[change]))) == []


def test_a_breaking_change_is_reported_with_its_place() -> None:
    assert list(breaches(BEFORE, changed(BREAKING["a new limit"]))) == [
        "/$defs/PaymentFacts/properties/amount/maximum: was None, is 100"
    ]
