"""The candidate that signed a webhook is found; any other header counts as not signed."""

import base64
import hashlib
import hmac
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.gateway.signature import Candidate, Digest, Encoding, Scheme, signed_by

BODY = b'{"status":"SUCCESS"}'
NEW, OLD, FALLBACK = Candidate("new", b"new key"), Candidate("old", b"old key"), Candidate("fallback", b"third key")
ALL = [NEW, OLD, FALLBACK]


def signature(body: bytes = BODY, key: bytes = NEW.key) -> str:
    return hmac.digest(key, body, "sha256").hex()


@pytest.mark.parametrize("candidate", ALL, ids=lambda candidate: candidate.name)
def test_returns_the_name_of_the_signing_candidate(candidate: Candidate) -> None:
    assert signed_by(BODY, signature(key=candidate.key), ALL) == candidate.name


def test_returns_the_first_of_two_candidates_with_the_same_key() -> None:
    assert signed_by(BODY, signature(), [NEW, Candidate("again", NEW.key)]) == "new"


def test_upper_case_and_surrounding_spaces_are_accepted() -> None:
    assert signed_by(BODY, f" {signature().upper()}\t", ALL) == "new"


def test_a_known_signature() -> None:
    """RFC 4231, test case 2."""
    known = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert signed_by(b"what do ya want for nothing?", known, [Candidate("Jefe", b"Jefe")]) == "Jefe"


@pytest.mark.parametrize(
    "given",
    [
        None,
        "",
        " ",
        "none",
        signature()[:-1],
        signature() + "0",
        signature()[:32],
        "sha256=" + signature(),
        signature(key=b"somebody else's"),
        signature(BODY + b" "),
        hashlib.sha256(BODY).hexdigest(),
        hmac.digest(NEW.key, BODY, "sha1").hex(),
        base64.b64encode(hmac.digest(NEW.key, BODY, "sha256")).decode(),
        ",".join([signature(key=b"x"), signature()]),
        "\x00" * 64,
        "\ud800",
        "\N{FULLWIDTH LATIN SMALL LETTER F}" * 64,
        "0" * 1_000_000,
    ],
)
def test_anything_else_is_not_signed(given: str | None) -> None:
    assert signed_by(BODY, given, ALL) is None


def test_nothing_is_signed_without_a_candidate() -> None:
    assert signed_by(BODY, signature(), []) is None


@given(st.binary(), st.text(st.characters()) | st.none(), st.lists(st.binary(), max_size=3))
def test_no_body_header_or_key_raises(body: bytes, header: str | None, keys: list[bytes]) -> None:
    assert signed_by(body, header, [Candidate(str(nth), key) for nth, key in enumerate(keys)]) is None


@given(st.binary(), st.binary(min_size=1))
def test_a_changed_body_is_not_signed(body: bytes, more: bytes) -> None:
    assert signed_by(body, signature(body), [NEW]) == "new"
    assert signed_by(body + more, signature(body), [NEW]) is None


@given(st.binary(max_size=64), st.integers(0, 255))
def test_one_flipped_bit_is_not_signed(body: bytes, bit: int) -> None:
    digest = bytearray.fromhex(signature(body))
    digest[bit // 8] ^= 1 << bit % 8

    assert signed_by(body, digest.hex(), [NEW]) is None


def test_the_repr_of_a_candidate_shows_no_key() -> None:
    assert "new key" not in repr(NEW)


@pytest.mark.parametrize("digest", ["sha256", "sha512"])
@pytest.mark.parametrize("encoding", ["hex", "base64"])
def test_another_scheme_can_be_configured(digest: Digest, encoding: Encoding) -> None:
    mac = hmac.new(NEW.key, BODY, digest).digest()
    written = mac.hex() if encoding == "hex" else base64.b64encode(mac).decode()
    assert signed_by(BODY, written, ALL, Scheme(digest, encoding)) == "new"
    for other in (Scheme(d, e) for d in get_args(Digest) for e in get_args(Encoding) if (d, e) != (digest, encoding)):
        assert signed_by(BODY, written, ALL, other) is None


def test_base64_is_compared_case_sensitively() -> None:
    scheme = Scheme(encoding="base64")
    written = scheme.sign(BODY, NEW.key).decode()
    assert signed_by(BODY, written.swapcase(), ALL, scheme) is None
