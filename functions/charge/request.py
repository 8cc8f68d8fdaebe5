"""Reading a request: bytes to JSON to a validated body, and the headers that a charge needs."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from charge.field_rules import Context
from charge.problems import Problem, invalid_fields
from charge.schemas import CardBody, HostedBody, RefundBody

MAX_BODY_BYTES: Final = 65_536
_NO_UTF_8: Final = "\ufffd".encode()
"""What API Gateway puts where a body's bytes are no UTF-8: a text that was damaged on its way is not charged for."""

Shape = TypeVar("Shape", bound=BaseModel)
_KEY: Final = re.compile(r"[!-~]{1,255}")


def idempotency_key(headers: Mapping[str, str]) -> str:
    """The Idempotency-Key header (draft-ietf-httpapi-idempotency-key-header). Raises Problem 400."""
    key = headers.get("idempotency-key")
    if key is None:
        raise Problem(400, "idempotency_key_missing", "The Idempotency-Key header is required.")
    if not _KEY.fullmatch(key):
        raise Problem(400, "idempotency_key_invalid", "Idempotency-Key must be 1 to 255 visible ASCII characters.")
    return key


def body_bytes(event: Mapping[str, Any]) -> bytes:
    """The body as it was sent. Raises Problem 413 over 64 KiB, 400 for what is not base64 though it says so."""
    text = event.get("body") or ""
    if len(text) > 2 * MAX_BODY_BYTES:
        raise _too_large()
    try:
        body = base64.b64decode(text, validate=True) if event.get("isBase64Encoded") else text.encode("utf-8")
    except (binascii.Error, ValueError):
        raise _not_json() from None
    if len(body) > MAX_BODY_BYTES:
        raise _too_large()
    return body


def charge_body(body: bytes, context: Context) -> HostedBody:
    """The validated body, with a card or without. Raises Problem 400 for no JSON object, 422 for wrong fields."""
    told = _json_object(body)
    return _valid(HostedBody if told.get("payment_method") == "hosted" else CardBody, told, context)


def refund_body(body: bytes) -> RefundBody:
    """The validated body. Raises Problem 400 for no JSON object, 422 for wrong fields."""
    return _valid(RefundBody, _json_object(body), None)


def _json_object(body: bytes) -> dict[str, Any]:
    if _NO_UTF_8 in body:
        raise _not_json()
    try:
        told = json.loads(
            body.decode("utf-8"), object_pairs_hook=_no_duplicates, parse_float=Decimal, parse_constant=_refuse
        )
    except (ValueError, ArithmeticError, RecursionError):
        raise _not_json() from None
    if not isinstance(told, dict):
        raise Problem(400, "not_an_object", "The body must be a JSON object.")
    return told


def _valid(shape: type[Shape], told: dict[str, Any], context: Context | None) -> Shape:
    try:
        return shape.model_validate(told, context=context)
    except ValidationError as error:
        raise invalid_fields(error) from None


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    told = dict(pairs)
    if len(told) != len(pairs):
        raise ValueError("a field is given twice")
    return told


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _not_json() -> Problem:
    return Problem(400, "not_json", "The body must be JSON in UTF-8, each field given once.")


def _too_large() -> Problem:
    return Problem(413, "too_large", f"The body may have at most {MAX_BODY_BYTES} bytes.")
