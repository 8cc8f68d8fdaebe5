"""Any JSON as an event: a documented status code, never an exception."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.charge.charge_api import ChargeApi, refund_event
from tests.fakes.gateway import Refunds
from tests.recorded_events import NAMES, recorded

pytestmark = pytest.mark.slow

DOCUMENTED = {200, 201, 202, 400, 403, 404, 409, 413, 422, 500, 502, 503}
TEXT = st.text(st.characters(), max_size=20)  # lone surrogates included: JSON can carry them
ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
EVENT_PARTS = [
    (name, part)
    for name in NAMES
    if name.startswith("charge")
    for part in (*recorded(name), *(("requestContext", inner) for inner in ("identity", "path", "stage", "domainName")))
]
TRANSACTION_FIELDS: dict[str, type | tuple[type, ...]] = {
    "transaction_id": str,
    "order_id": (str, type(None)),
    "currency": (str, type(None)),
    "message": (str, type(None)),
    "refunded": (bool, type(None)),
    "charged_back": bool,
}


@given(event=ANYTHING)
@settings(max_examples=200)
def test_any_json_is_answered(event: Any) -> None:
    assert ChargeApi().send(event).status in DOCUMENTED


@given(place=st.sampled_from(EVENT_PARTS), value=ANYTHING)
@settings(max_examples=400)
def test_an_event_with_any_part_replaced_is_answered(place: tuple[str, Any], value: Any) -> None:
    name, part = place
    event = recorded(name)
    if isinstance(part, tuple):
        event[part[0]][part[1]] = value
    else:
        event[part] = value
    assert ChargeApi().send(event).status in DOCUMENTED


@given(name=st.sampled_from(["charge-create", "charge-hosted"]), body=st.text(st.characters(), max_size=200))
@settings(max_examples=200)
def test_a_body_of_any_text_is_refused(name: str, body: str) -> None:
    assert ChargeApi().send(recorded(name, body=body)).status in {400, 422}


@given(place=st.sampled_from([place for name, place in EVENT_PARTS if name == "charge-refund"]), value=ANYTHING)
@settings(max_examples=300)
def test_a_refund_with_any_part_replaced_is_sent_at_most_once(place: Any, value: Any) -> None:
    api = ChargeApi()
    api.paid_payment()
    event = recorded("charge-refund")
    changed = event if isinstance(place, str) else event[place[0]]
    changed[place if isinstance(place, str) else place[1]] = value
    statuses = {api.send(event).status for _ in range(2)}
    assert statuses <= DOCUMENTED
    assert len(api.gateway.refund_posts) <= 1


@given(body=ANYTHING | st.fixed_dictionaries({"reason": ANYTHING}, optional={"amount": ANYTHING, "note": TEXT}))
@settings(max_examples=300)
def test_a_refund_with_any_json_is_accepted_or_refused(body: Any) -> None:
    api = ChargeApi()
    api.paid_payment()
    response = api.send(recorded("charge-refund", body=json.dumps(body)))
    assert response.status in {201, 400, 422}
    assert len(api.gateway.refund_posts) == (response.status == 201)


@given(reason=st.text(st.characters(), max_size=300))
@settings(max_examples=300)
def test_a_reason_of_any_text_is_accepted_or_refused_and_stored_nowhere(reason: str) -> None:
    marked = f"{reason} zebra"
    api = ChargeApi()
    api.paid_payment()
    response = api.send(refund_event(reason=marked))
    assert response.status in {201, 422}
    for text in (response.text, api.ledger.dump(), api.console.read()):
        assert "zebra" not in text


@given(changes=st.dictionaries(st.sampled_from(sorted(TRANSACTION_FIELDS)), ANYTHING, max_size=4))
@settings(max_examples=300)
def test_a_gateway_answer_with_any_field_values_is_201_or_202(changes: dict[str, Any]) -> None:
    """The gateway client guarantees the types of a transaction's fields, not their values."""
    api = ChargeApi()
    api.paid_payment()
    typed = {name: value for name, value in changes.items() if isinstance(value, TRANSACTION_FIELDS[name])}
    api.gateway.script_refunds(Refunds(changes=typed))
    assert api.refund().status in {201, 202}
    assert api.refund().status in {201, 202}
    assert len(api.gateway.refund_posts) == 1


def test_an_event_of_nulls_is_answered() -> None:
    for name in NAMES:
        event = recorded(name)
        assert ChargeApi().send(dict.fromkeys(event)).status == 404
        if name.startswith("charge"):
            routed = dict.fromkeys(event) | {"httpMethod": event["httpMethod"], "resource": event["resource"]}
            assert ChargeApi().send(routed).status in DOCUMENTED - {500, 200, 201}
