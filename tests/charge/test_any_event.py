"""Whatever JSON arrives as an event: an answer that the API documents, never an exception."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.charge.counter import Counter
from tests.recorded import NAMES, recorded

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


@given(body=st.text(st.characters(), max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_text_is_a_body_that_is_refused(body: str) -> None:
    assert Counter().takes(recorded("charge-create", body=body)).status in {400, 422}


def test_an_event_of_nulls_is_answered() -> None:
    for name in NAMES:
        event = recorded(name)
        assert Counter().takes(dict.fromkeys(event)).status == 404
        if name.startswith("charge"):
            routed = dict.fromkeys(event) | {"httpMethod": event["httpMethod"], "resource": event["resource"]}
            assert Counter().takes(routed).status in DOCUMENTED - {500, 200, 201}
