"""Decrypts the merchants' payloads and signs webhooks. Uses pycryptodome, because the client uses another library."""

from __future__ import annotations

import re

from Crypto.Cipher import AES
from Crypto.Hash import HMAC, SHA256
from Crypto.Util.Padding import unpad

_WIRE_FORM = re.compile(r"(?P<iv>[0-9a-f]{32}):(?P<text>(?:[0-9a-f]{32})+)")


class UnreadableError(ValueError):
    """The payload cannot be decrypted. The error has no details, so that it is no padding oracle."""


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
