"""The gateway's keys: their format, their mode, and which of them may have signed a webhook."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.errors import SecretUnusable
from payments.gateway.credentials import GatewayKeys, Mode, candidates, parse_keys

TEST_KEY, LIVE_KEY = "PA_TEST_0a1b2c3d", "PA_LIVE_" + "0a1b2c3d"
ENCRYPTION_KEY = "0123456789abcdef0123456789abcdef"
# Split so that secret scanners do not report it. It is printed in the gateway's public documents.
SAMPLE_ENCRYPTION_KEY = "2542b322a40ada01" + "489c5491fe379512"


def text(**changes: Any) -> str:
    fields = {"secret_key": TEST_KEY, "encryption_key": ENCRYPTION_KEY, "webhook_secret": "whsec"} | changes
    return json.dumps({name: value for name, value in fields.items() if value is not ...})


def error_of(secret: str) -> SecretUnusable | None:
    try:
        parse_keys(secret, "test")
    except SecretUnusable as error:
        return error
    return None


def test_keys_are_parsed_to_their_bytes() -> None:
    assert parse_keys(text(), "test") == GatewayKeys(TEST_KEY, ENCRYPTION_KEY.encode(), b"whsec")


@pytest.mark.parametrize("empty", [..., None, ""])
def test_a_webhook_secret_may_be_missing(empty: Any) -> None:
    assert parse_keys(text(webhook_secret=empty), "test").webhook_secret is None


@pytest.mark.parametrize("name", ["secret_key", "encryption_key", "webhook_secret"])
def test_a_key_that_is_not_valid_unicode_is_refused(name: str) -> None:
    with pytest.raises(SecretUnusable, match=f"{name} is no valid text"):
        parse_keys(text(**{name: "\ud800" * 16}), "test")


@pytest.mark.parametrize("name", ["secret_key", "encryption_key"])
@pytest.mark.parametrize("value", [..., None, "", 5, [], {"a": "b"}])
def test_a_missing_secret_key_or_encryption_key_is_refused(name: str, value: Any) -> None:
    with pytest.raises(SecretUnusable, match=f"{name} is not filled in"):
        parse_keys(text(**{name: value}), "test")


@pytest.mark.parametrize("value", [5, ["a"], {"a": "b"}, True])
def test_a_webhook_secret_that_is_not_text_is_refused(value: Any) -> None:
    with pytest.raises(SecretUnusable, match="webhook_secret"):
        parse_keys(text(webhook_secret=value), "test")


@pytest.mark.parametrize("secret", ["", "{", "null", "[]", '"text"', "5", "\ud800", "PA_TEST_x", "[" * 100_000])
def test_a_secret_that_is_not_a_json_object_is_refused(secret: str) -> None:
    with pytest.raises(SecretUnusable, match=r"not (a )?JSON"):
        parse_keys(secret, "test")


@pytest.mark.parametrize("key", ["short", ENCRYPTION_KEY[:-1], ENCRYPTION_KEY + "0", "é" * 32, ENCRYPTION_KEY * 2])
def test_the_encryption_key_has_32_bytes(key: str) -> None:
    with pytest.raises(SecretUnusable, match="32 bytes"):
        parse_keys(text(encryption_key=key), "test")


def test_the_length_is_counted_in_bytes() -> None:
    assert parse_keys(text(encryption_key="é" * 16), "test").encryption_key == "é".encode() * 16


@pytest.mark.parametrize(
    ("secret", "reason"),
    [
        ("{", "the gateway's secret is not JSON"),
        ("[]", "the gateway's secret is not a JSON object"),
        (text(secret_key=None), "secret_key is not filled in"),
        (text(encryption_key="\ud800"), "encryption_key is no valid text"),
        (text(encryption_key="short"), "encryption_key must have 32 bytes"),
        (text(secret_key="PA_1"), "secret_key has no known form, e.g. PA_TEST_… or PA_LIVE_…"),
        (text(secret_key=LIVE_KEY), "secret_key is a live key, and this stack is in test mode"),
    ],
)
def test_the_log_says_what_is_wrong_with_a_secret(secret: str, reason: str) -> None:
    """The message of a SecretUnusable is what an operator reads."""
    assert str(error_of(secret)) == reason


class TestMode:
    @pytest.mark.parametrize("key", ["PA_TEST_1", "FS_TEST_1", "XY_TEST_1"])
    def test_a_test_key_is_for_test_mode(self, key: str) -> None:
        assert parse_keys(text(secret_key=key), "test").secret_key == key
        with pytest.raises(SecretUnusable, match="is a test key, and this stack is in live mode"):
            parse_keys(text(secret_key=key), "live")

    @pytest.mark.parametrize("prefix", ["PA", "FS"])
    def test_a_live_key_is_for_live_mode(self, prefix: str) -> None:
        key = prefix + "_LIVE_" + "1"
        assert parse_keys(text(secret_key=key), "live").secret_key == key
        with pytest.raises(SecretUnusable, match="is a live key, and this stack is in test mode"):
            parse_keys(text(secret_key=key), "test")

    @pytest.mark.parametrize(
        "key",
        ["PA_1", "PA_STAGING_1", "pa_test_1", "PA_TEST_", "PA_TEST_a b", "PA_TEST_a\r\nX: y", " PA_TEST_a", "test"],
    )
    @pytest.mark.parametrize("mode", ["test", "live"])
    def test_a_key_of_unknown_format_is_refused(self, key: str, mode: Mode) -> None:
        with pytest.raises(SecretUnusable, match=r"no known form|no valid text"):
            parse_keys(text(secret_key=key), mode)

    def test_live_mode_refuses_the_sample_encryption_key(self) -> None:
        parse_keys(text(encryption_key=SAMPLE_ENCRYPTION_KEY), "test")
        with pytest.raises(SecretUnusable, match=r"^a sample key from a public document is never used in live mode$"):
            parse_keys(text(secret_key=LIVE_KEY, encryption_key=SAMPLE_ENCRYPTION_KEY), "live")


class TestSecrecy:
    def test_the_repr_of_keys_shows_no_key(self) -> None:
        keys = parse_keys(text(), "test")

        shown = repr(keys) + str(keys) + repr(candidates([keys]))
        assert not [secret for secret in (TEST_KEY, ENCRYPTION_KEY, "whsec") if secret in shown]

    @given(st.text(st.characters(), min_size=8), st.sampled_from(["secret_key", "encryption_key"]))
    def test_an_error_never_shows_the_value(self, value: str, name: str) -> None:
        error = error_of(text(**{name: value}))

        if error is not None:
            assert value not in str(error)
            assert error.__suppress_context__ or error.__context__ is None

    @given(st.text(st.characters()))
    def test_any_other_text_raises_secret_unusable(self, secret: str) -> None:
        with pytest.raises(SecretUnusable):
            parse_keys(secret, "test")


class TestCandidates:
    WITH = GatewayKeys(TEST_KEY, b"encryption", b"webhook")
    WITHOUT = GatewayKeys(TEST_KEY, b"encryption", None)

    def test_the_webhook_secret_is_the_candidate_if_there_is_one(self) -> None:
        (candidate,) = candidates([self.WITH])
        assert (candidate.name, candidate.key) == ("webhook_secret/current", b"webhook")

    def test_the_encryption_key_is_the_candidate_without_a_webhook_secret(self) -> None:
        (candidate,) = candidates([self.WITHOUT])
        assert (candidate.name, candidate.key) == ("encryption_key/current", b"encryption")

    def test_the_previous_version_comes_second(self) -> None:
        names = [candidate.name for candidate in candidates([self.WITH, self.WITHOUT])]
        assert names == ["webhook_secret/current", "encryption_key/previous"]

    def test_without_keys_there_is_no_candidate(self) -> None:
        assert candidates([]) == []
