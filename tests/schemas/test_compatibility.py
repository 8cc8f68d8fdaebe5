"""What a consumer would break on, and what not."""

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
    "null no more": lambda schema: properties(schema)["order_id"]["anyOf"].pop(),
    "null from now on": lambda schema: properties(schema).update(
        amount={"anyOf": [{"type": "integer"}, {"type": "null"}]}
    ),
    "a status less": lambda schema: schema["$defs"]["Status"]["enum"].pop(),
    "a status more, which no consumer knows": lambda schema: schema["$defs"]["Status"]["enum"].append("captured"),
    "required from now on": lambda schema: schema["$defs"]["EventMetadata"]["required"].append("replayed"),
    "required no more": lambda schema: facts(schema)["required"].remove("amount"),
    "another pattern": lambda schema: properties(schema)["payment_id"].update(pattern="^p_"),
    "a bound": lambda schema: properties(schema)["amount"].update(maximum=100),
    "open": lambda schema: facts(schema).update(additionalProperties=True),
    "another detail-type": lambda schema: schema["properties"]["detail-type"].update(const="payment.paid"),
    "a shape gone": lambda schema: schema["$defs"].pop("FailureFact"),
}

HARMLESS: dict[str, Callable[[Schema], object]] = {
    "nothing": lambda _: None,
    "a member that may be missing": lambda schema: properties(schema).update(fee={"type": "integer"}),
    "a description": lambda schema: properties(schema)["amount"].update(description="Pennies."),
    "examples": lambda schema: schema.update(examples=[]),
    "the order of a list": lambda schema: facts(schema)["required"].reverse(),
    "a shape more": lambda schema: schema["$defs"].update(Fee={"type": "object"}),
}


def changed(change: Callable[[Schema], object]) -> Schema:
    after = copy.deepcopy(BEFORE)
    change(after)
    return after


@pytest.mark.parametrize("change", BREAKING)
def test_needs_a_new_version(change: str) -> None:
    assert list(breaches(BEFORE, changed(BREAKING[change])))


@pytest.mark.parametrize("change", HARMLESS)
def test_needs_none(change: str) -> None:
    assert list(breaches(BEFORE, changed(HARMLESS[change]))) == []


def test_a_breach_names_its_place() -> None:
    assert list(breaches(BEFORE, changed(BREAKING["a bound"]))) == [
        "/$defs/PaymentFacts/properties/amount/maximum: was None, is 100"
    ]
