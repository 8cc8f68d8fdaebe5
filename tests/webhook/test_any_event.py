"""Any JSON as a delivery: a documented status code, never an exception."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.recorded_events import NAMES, recorded
from tests.webhook.webhook_api import WebhookApi, signed_event

DOCUMENTED = {200, 202, 401, 404, 413, 500, 503}
TEXT = st.text(st.characters(), max_size=20)
ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@given(event=ANYTHING)
@settings(max_examples=200)
def test_any_json_is_answered(event: Any) -> None:
    assert WebhookApi().send(event) in DOCUMENTED


@given(name=st.sampled_from(NAMES), part=st.sampled_from(sorted(recorded("webhook-succeeded"))), value=ANYTHING)
@settings(max_examples=300)
def test_an_event_with_any_part_replaced_is_answered(name: str, part: str, value: Any) -> None:
    api = WebhookApi()
    api.charge()
    assert api.send(recorded(name, **{part: value})) in DOCUMENTED


@given(body=st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
@settings(max_examples=200)
def test_any_signed_text_only_makes_us_ask_the_gateway(body: str) -> None:
    api = WebhookApi()
    api.charge()
    assert api.send(signed_event(body)) == 202
    assert api.payment.version == 2
