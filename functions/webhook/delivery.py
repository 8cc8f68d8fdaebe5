"""A delivery: the parts of API Gateway's event that a webhook has. Total: any event is read, whatever it holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from payments.gateway.signature import HEADER
from payments.runtime.api_gateway import BodyFault, body_of


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook as it was delivered. `body` holds the signed bytes, None if there are too many of them."""

    payment_id: str
    token: str
    signature: str | None
    body: bytes | None


def delivery_of(event: Mapping[str, Any]) -> Delivery:
    """The delivery in an event. The body may be plain or base64; header names in any case."""
    path = _mapping(event.get("pathParameters"))
    return Delivery(
        payment_id=_text(path.get("payment_id")) or "",
        token=_text(path.get("token")) or "",
        signature=_header(_mapping(event.get("headers")), HEADER),
        body=_signed_bytes(event),
    )


def _signed_bytes(event: Mapping[str, Any]) -> bytes | None:
    body = body_of(event)
    if body is BodyFault.TOO_LARGE:
        return None
    return b"" if body is BodyFault.UNREADABLE else body  # fails the signature check


def _header(headers: Mapping[Any, Any], name: str) -> str | None:
    return next((_text(value) for key, value in headers.items() if str(key).lower() == name), None)


def _mapping(value: object) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
