"""Only the token of a payment opens its webhook address."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.webhooks.callback_token import is_token, token_of, webhook_url

KEY, OLD = b"the stack's own key", b"the key before"
ID = "pay_" + "a" * 26


def test_the_url_contains_the_payment_id_and_the_token() -> None:
    token = hmac.new(KEY, ID.encode(), hashlib.sha256).hexdigest()

    assert webhook_url("https://api.example/v1", ID, KEY) == f"https://api.example/v1/webhooks/pay-agency/{ID}/{token}"


def test_the_payment_s_own_token_is_accepted() -> None:
    assert is_token(token_of(ID, KEY), ID, [KEY])


def test_a_token_of_the_previous_key_is_accepted_during_a_rotation() -> None:
    assert is_token(token_of(ID, OLD), ID, [KEY, OLD])
    assert not is_token(token_of(ID, OLD), ID, [KEY])


@pytest.mark.parametrize(
    "token",
    [
        "",
        "token",
        token_of(ID, KEY)[:-1],
        token_of(ID, KEY) + "0",
        token_of(ID, KEY).upper(),
        f" {token_of(ID, KEY)}",
        token_of("pay_" + "b" * 26, KEY),
        token_of(ID, b"another key"),
        token_of(ID, b""),
        "\ud800" * 64,
        "\x00" * 64,
    ],
)
def test_any_other_token_is_rejected(token: str) -> None:
    assert not is_token(token, ID, [KEY, OLD])


def test_without_a_key_no_token_is_accepted() -> None:
    assert not is_token(token_of(ID, KEY), ID, [])


@given(st.text(st.characters()), st.text(st.characters()), st.lists(st.binary(), max_size=3))
def test_no_input_raises(token: str, payment_id: str, keys: list[bytes]) -> None:
    assert not is_token(token, payment_id, keys)


@given(st.text(st.characters()), st.binary())
def test_any_payment_id_has_a_token_that_fits_in_a_url(payment_id: str, key: bytes) -> None:
    token = token_of(payment_id, key)

    assert len(token) == 64
    assert set(token) <= set("0123456789abcdef")
    assert is_token(token, payment_id, [key])


def test_a_payment_id_that_cannot_be_encoded_opens_nothing_and_raises_nothing() -> None:
    """The sender chooses the address, so it may contain half of a surrogate pair."""
    assert not is_token(token_of(ID, KEY), ID + "\ud800", [KEY])
