"""A delivery: what the door needs of API Gateway's event. Total: whatever stands there, it is read or it is nothing."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from payments.gateway.signature import HEADER

MAX_BODY_BYTES: Final = 65_536


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook as it came. `body` holds the bytes that were signed; None when there are too many of them."""

    payment_id: str
    token: str
    signature: str | None
    body: bytes | None


def delivery_of(event: Mapping[str, Any]) -> Delivery:
    """Reads plain and base64 bodies, and headers in any case."""
    path = _mapping(event.get("pathParameters"))
    return Delivery(
        payment_id=_text(path.get("payment_id")) or "",
        token=_text(path.get("token")) or "",
        signature=_header(_mapping(event.get("headers")), HEADER),
        body=_body(_text(event.get("body")) or "", is_base64=bool(event.get("isBase64Encoded"))),
    )


def _body(text: str, *, is_base64: bool) -> bytes | None:
    if len(text) > 2 * MAX_BODY_BYTES:
        return None
    try:
        body = base64.b64decode(text, validate=True) if is_base64 else text.encode("utf-8", "replace")
    except (binascii.Error, ValueError):
        body = b""  # signs nothing
    return body if len(body) <= MAX_BODY_BYTES else None


def _header(headers: Mapping[Any, Any], name: str) -> str | None:
    return next((_text(value) for key, value in headers.items() if str(key).lower() == name), None)


def _mapping(value: object) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
