"""API Gateway's proxy event: the bytes of its body, for the doors that receive HTTP."""

import base64
import binascii
from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

MAX_BODY_BYTES: Final = 65_536
"""64 KiB: far above any charge, refund or webhook."""


class BodyFault(Enum):
    """Why an event has no usable body."""

    TOO_LARGE = "too_large"  # more than MAX_BODY_BYTES
    UNREADABLE = "unreadable"  # not text, or not the base64 that the event says it is


def body_of(event: Mapping[str, Any]) -> bytes | BodyFault:
    """The body's bytes as the client sent them; empty if there is no body. Total: never raises."""
    text = event.get("body") or ""
    if not isinstance(text, str):
        return BodyFault.UNREADABLE
    if len(text) > 2 * MAX_BODY_BYTES:  # base64 has 4 characters for 3 bytes: this is too large in either form
        return BodyFault.TOO_LARGE
    try:
        body = base64.b64decode(text, validate=True) if event.get("isBase64Encoded") else text.encode("utf-8")
    except (binascii.Error, ValueError):
        return BodyFault.UNREADABLE
    return body if len(body) <= MAX_BODY_BYTES else BodyFault.TOO_LARGE
