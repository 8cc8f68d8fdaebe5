"""The simulator's own decryption and signature, against vectors and another library."""

import hashlib
import hmac
import os

import pytest

from local.simulator.crypto import UnreadableError, decrypt, signature
from tests.local.simulator.merchant import encrypted

KEY = "0123456789abcdef0123456789abcdef"
VECTOR = "000102030405060708090a0b0c0d0e0f:cf3de33752e6fe3d5242662b04171555"


def test_decrypts_the_test_vector() -> None:
    assert decrypt(VECTOR, KEY) == b'{"amount":100}'


@pytest.mark.parametrize("length", range(65))
def test_decrypts_what_another_library_encrypted(length: int) -> None:
    plaintext = os.urandom(length)
    assert decrypt(encrypted(plaintext, KEY), KEY) == plaintext


@pytest.mark.parametrize(
    "payload",
    [
        "",
        ":",
        VECTOR.replace(":", ""),
        VECTOR.upper(),
        VECTOR + "00",
        VECTOR[:-2],
        VECTOR[2:],
        VECTOR + "\n",
        " " + VECTOR,
        VECTOR[:33],
        VECTOR + ":" + VECTOR,
        VECTOR[:-1] + "g",
        VECTOR[:-1] + "6",  # the padding is invalid
    ],
)
def test_every_malformed_payload_is_the_same_error(payload: str) -> None:
    with pytest.raises(UnreadableError):
        decrypt(payload, KEY)


def test_the_signature_equals_the_standard_librarys() -> None:
    body = '{"message":"é"}'.encode()
    assert signature(body, "secret") == hmac.new(b"secret", body, hashlib.sha256).hexdigest()
