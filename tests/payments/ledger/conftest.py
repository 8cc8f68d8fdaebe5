"""The contract's rooms are no test files by name; their assertions are explained all the same."""

import pytest

for room in ("claiming", "following", "racing", "steps", "writing"):
    pytest.register_assert_rewrite(f"tests.payments.ledger.{room}")
