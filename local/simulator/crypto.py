"""Opens what merchants encrypt and signs what they are told. Built on pycryptodome; the client uses another library."""

from __future__ import annotations

import re

from Crypto.Cipher import AES
from Crypto.Hash import HMAC, SHA256
from Crypto.Util.Padding import unpad

_WIRE_FORM = re.compile(r"(?P<iv>[0-9a-f]{32}):(?P<text>(?:[0-9a-f]{32})+)")


class UnreadableError(ValueError):
    """Whatever was wrong with it: one error, no details."""


def decrypt(payload: str, encryption_key: str) -> bytes:
    wire = _WIRE_FORM.fullmatch(payload)
    if wire is None:
        raise UnreadableError
    cipher = AES.new(encryption_key.encode(), AES.MODE_CBC, iv=bytes.fromhex(wire["iv"]))
    try:
        return unpad(cipher.decrypt(bytes.fromhex(wire["text"])), AES.block_size, style="pkcs7")
    except ValueError:
        raise UnreadableError from None


def signature(body: bytes, signing_key: str) -> str:
    return HMAC.new(signing_key.encode(), body, SHA256).hexdigest()
