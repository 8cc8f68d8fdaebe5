"""The webhook's signature: the right one is found, and whatever else comes is simply not signed."""

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
def test_names_who_signed(candidate: Candidate) -> None:
    assert signed_by(BODY, signature(key=candidate.key), ALL) == candidate.name


def test_names_the_first_where_two_have_one_key() -> None:
    assert signed_by(BODY, signature(), [NEW, Candidate("again", NEW.key)]) == "new"


def test_upper_case_and_spaces_around_are_no_matter() -> None:
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


def test_nobody_signs_where_there_is_no_candidate() -> None:
    assert signed_by(BODY, signature(), []) is None


@given(st.binary(), st.text(st.characters()) | st.none(), st.lists(st.binary(), max_size=3))
def test_total_over_any_body_header_and_key(body: bytes, header: str | None, keys: list[bytes]) -> None:
    assert signed_by(body, header, [Candidate(str(nth), key) for nth, key in enumerate(keys)]) is None


@given(st.binary(), st.binary(min_size=1))
def test_a_changed_body_is_not_signed(body: bytes, more: bytes) -> None:
    assert signed_by(body, signature(body), [NEW]) == "new"
    assert signed_by(body + more, signature(body), [NEW]) is None


@given(st.binary(max_size=64), st.integers(0, 255))
def test_one_flipped_bit_is_noticed(body: bytes, bit: int) -> None:
    digest = bytearray.fromhex(signature(body))
    digest[bit // 8] ^= 1 << bit % 8

    assert signed_by(body, digest.hex(), [NEW]) is None


def test_a_candidate_does_not_show_its_key() -> None:
    assert "new key" not in repr(NEW)


@pytest.mark.parametrize("digest", ["sha256", "sha512"])
@pytest.mark.parametrize("encoding", ["hex", "base64"])
def test_another_scheme_is_a_matter_of_configuration(digest: Digest, encoding: Encoding) -> None:
    mac = hmac.new(NEW.key, BODY, digest).digest()
    written = mac.hex() if encoding == "hex" else base64.b64encode(mac).decode()
    assert signed_by(BODY, written, ALL, Scheme(digest, encoding)) == "new"
    for other in (Scheme(d, e) for d in get_args(Digest) for e in get_args(Encoding) if (d, e) != (digest, encoding)):
        assert signed_by(BODY, written, ALL, other) is None


def test_base64_is_compared_as_it_is_written() -> None:
    scheme = Scheme(encoding="base64")
    written = scheme.sign(BODY, NEW.key).decode()
    assert signed_by(BODY, written.swapcase(), ALL, scheme) is None
