"""No input makes the parser of envelopes raise."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.gateway.envelope import Dialect, field_errors, parse, transaction_of
from payments.gateway.status_words import VERDICTS
from payments.model.status import Status
from tests.payments.gateway.envelopes import MAJOR, MINOR, body, envelope

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
LOOSE_DATA = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        ("amount", "currency", "order_id", "transaction_id", "refund", "chargeback", "customer"), JSON
    ),
)
LOOSE = st.fixed_dictionaries(
    {"status": JSON | st.sampled_from(sorted(VERDICTS)), "data": JSON | LOOSE_DATA},
    optional={"message": JSON, "redirect_url": JSON, "errors": JSON},
)


class TestAnyInput:
    @given(st.binary())
    def test_no_bytes_raise(self, text: bytes) -> None:
        parsed = parse(text)

        assert parsed is None or isinstance(parsed, dict)

    @given(JSON)
    def test_no_json_raises(self, value: Any) -> None:
        parsed = parse(json.dumps(value).encode())
        if parsed is not None:
            transaction_of(parsed, MINOR, ("4111111111111111", "907"))
            field_errors(parsed)

    @given(LOOSE, st.sampled_from([MINOR, MAJOR]))
    def test_no_values_in_the_known_fields_raise(self, value: dict[str, Any], dialect: Dialect) -> None:
        parsed = parse(json.dumps(value).encode())
        if parsed is not None:
            transaction = transaction_of(parsed, dialect, ("4111111111111111", "907"))
            assert transaction is None or transaction.message is None or len(transaction.message) <= 300
            assert len(field_errors(parsed)) <= 20

    @given(JSON.filter(lambda value: value != "SUCCESS"))
    def test_only_the_exact_word_is_success(self, word: Any) -> None:
        transaction = transaction_of(parse(json.dumps(envelope() | {"status": word}).encode()) or {}, MINOR)

        assert transaction is None or transaction.verdict is not Status.SUCCEEDED

    @pytest.mark.parametrize("name", ["order_id", "amount", "currency", "refund", "transaction_id"])
    def test_no_deeply_nested_value_raises(self, name: str) -> None:
        for depth in (10, 500, 900, *range(930, 1000), 3000, 30_000):
            deep = b"[" * depth + b"]" * depth
            parsed = parse(body(**{name: "HERE"}).replace(b'"HERE"', deep))
            if parsed is not None:
                transaction_of(parsed, MINOR)
                field_errors({"errors": [{"field": parsed, "message": "m"}]})
