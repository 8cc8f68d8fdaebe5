"""A quoted CVV is removed by the words around it, because a status query has no CVV to compare with."""

import pytest

from payments.gateway.redaction import clean


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("CVV 029 does not match", "CVV ••• does not match"),
        ("card_cvv: 1234 is wrong", "card_cvv: ••• is wrong"),
        ('{"cvv2":"029"}', '{"cvv2":"•••"}'),
        ("cvc=029", "cvc=•••"),
        ("Security code was 029.", "Security code was •••."),
        ("the CVV has 3 digits", "the CVV has 3 digits"),
        ("error 029", "error 029"),
        ("CVV 12345", "CVV 12345"),
    ],
)
def test_a_quoted_security_code_is_removed(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned
