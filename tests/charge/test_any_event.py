"""Whatever JSON arrives as an event: an answer that the API documents, never an exception."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.charge.charge_api import Counter, refund
from tests.fakes.gateway import Refunds
from tests.recorded_events import NAMES, recorded

DOCUMENTED = {200, 201, 202, 400, 403, 404, 409, 413, 422, 500, 502, 503}
TEXT = st.text(st.characters(), max_size=20)  # lone surrogates included: JSON can carry them
ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
PLACES = [
    (name, part)
    for name in NAMES
    if name.startswith("charge")
    for part in (*recorded(name), *(("requestContext", inner) for inner in ("identity", "path", "stage", "domainName")))
]
FACTS: dict[str, type | tuple[type, ...]] = {
    "transaction_id": str,
    "order_id": (str, type(None)),
    "currency": (str, type(None)),
    "message": (str, type(None)),
    "refunded": (bool, type(None)),
    "charged_back": bool,
}


@given(event=ANYTHING)
@settings(max_examples=200, deadline=None)
def test_any_json_is_answered(event: Any) -> None:
    assert Counter().takes(event).status in DOCUMENTED


@given(place=st.sampled_from(PLACES), value=ANYTHING)
@settings(max_examples=400, deadline=None)
def test_an_event_of_which_any_part_is_anything_is_answered(place: tuple[str, Any], value: Any) -> None:
    name, part = place
    event = recorded(name)
    if isinstance(part, tuple):
        event[part[0]][part[1]] = value
    else:
        event[part] = value
    assert Counter().takes(event).status in DOCUMENTED


@given(name=st.sampled_from(["charge-create", "charge-hosted"]), body=st.text(st.characters(), max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_text_is_a_body_that_is_refused(name: str, body: str) -> None:
    assert Counter().takes(recorded(name, body=body)).status in {400, 422}


@given(place=st.sampled_from([place for name, place in PLACES if name == "charge-refund"]), value=ANYTHING)
@settings(max_examples=300, deadline=None)
def test_a_refund_of_which_any_part_is_anything_is_sent_once_or_not_at_all(place: Any, value: Any) -> None:
    counter = Counter()
    counter.paid()
    event = recorded("charge-refund")
    changed = event if isinstance(place, str) else event[place[0]]
    changed[place if isinstance(place, str) else place[1]] = value
    statuses = {counter.takes(event).status for _ in range(2)}
    assert statuses <= DOCUMENTED
    assert len(counter.gateway.refund_posts) <= 1


@given(body=ANYTHING | st.fixed_dictionaries({"reason": ANYTHING}, optional={"amount": ANYTHING, "note": TEXT}))
@settings(max_examples=300, deadline=None)
def test_any_json_is_a_refund_that_is_taken_or_refused_and_never_a_bug(body: Any) -> None:
    counter = Counter()
    counter.paid()
    told = counter.takes(recorded("charge-refund", body=json.dumps(body)))
    assert told.status in {201, 400, 422}
    assert len(counter.gateway.refund_posts) == (told.status == 201)


@given(reason=st.text(st.characters(), max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_reason_that_is_taken_or_refused_and_kept_nowhere(reason: str) -> None:
    marked = f"{reason} zebra"
    counter = Counter()
    counter.paid()
    told = counter.takes(refund(reason=marked))
    assert told.status in {201, 422}
    for text in (told.text, counter.ledger.dump(), counter.console.read()):
        assert "zebra" not in text


@given(changes=st.dictionaries(st.sampled_from(sorted(FACTS)), ANYTHING, max_size=4))
@settings(max_examples=300, deadline=None)
def test_a_refunds_answer_of_whatever_facts_is_a_refund_or_in_doubt(changes: dict[str, Any]) -> None:
    """The client gives a report its types; what it says in them may be anything."""
    counter = Counter()
    counter.paid()
    typed = {name: value for name, value in changes.items() if isinstance(value, FACTS[name])}
    counter.gateway.will_refund(Refunds(changes=typed))
    assert counter.refunds().status in {201, 202}
    assert counter.refunds().status in {201, 202}
    assert len(counter.gateway.refund_posts) == 1


def test_an_event_of_nulls_is_answered() -> None:
    for name in NAMES:
        event = recorded(name)
        assert Counter().takes(dict.fromkeys(event)).status == 404
        if name.startswith("charge"):
            routed = dict.fromkeys(event) | {"httpMethod": event["httpMethod"], "resource": event["resource"]}
            assert Counter().takes(routed).status in DOCUMENTED - {500, 200, 201}
