"""The bytes of a proxy event's body: plain or base64, up to 64 KiB, and one fault for each way to have none."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.runtime.api_gateway import MAX_BODY_BYTES, BodyFault, body_of

ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(body=st.binary(max_size=300))
def test_a_base64_body_is_decoded(body: bytes) -> None:
    assert body_of({"body": base64.b64encode(body).decode(), "isBase64Encoded": True}) == body


@given(body=st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
def test_a_plain_body_is_its_utf_8_bytes(body: str) -> None:
    assert body_of({"body": body, "isBase64Encoded": False}) == body.encode()


@pytest.mark.parametrize("event", [{}, {"body": None}, {"body": ""}, {"isBase64Encoded": True}])
def test_no_body_is_an_empty_one(event: dict[str, Any]) -> None:
    assert body_of(event) == b""


@pytest.mark.parametrize("body", ["=", "no base64!", "e30", "\u00e9\u00e9\u00e9\u00e9"])
def test_broken_base64_is_unreadable(body: str) -> None:
    assert body_of({"body": body, "isBase64Encoded": True}) is BodyFault.UNREADABLE


@pytest.mark.parametrize("body", ["\ud800", 7, True, ["a"], {"a": 1}, 1.5])
def test_what_is_not_text_is_unreadable(body: object) -> None:
    assert body_of({"body": body}) is BodyFault.UNREADABLE


@pytest.mark.parametrize(("size", "too_large"), [(MAX_BODY_BYTES, False), (MAX_BODY_BYTES + 1, True)])
def test_the_limit_counts_bytes_however_they_are_encoded(size: int, *, too_large: bool) -> None:
    body = b"x" * size
    expected = BodyFault.TOO_LARGE if too_large else body
    assert body_of({"body": body.decode()}) == expected
    assert body_of({"body": base64.b64encode(body).decode(), "isBase64Encoded": True}) == expected


def test_the_limit_counts_bytes_not_characters() -> None:
    assert body_of({"body": "\u00e9" * (MAX_BODY_BYTES // 2 + 1)}) is BodyFault.TOO_LARGE


@given(body=ODD, is_base64=ODD)
def test_any_event_has_bytes_or_a_fault(body: object, is_base64: object) -> None:
    assert isinstance(body_of({"body": body, "isBase64Encoded": is_base64}), bytes | BodyFault)
