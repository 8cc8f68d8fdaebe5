"""Reading a request: bytes to JSON to a validated body, and the Idempotency-Key header."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from charge.field_rules import Context
from charge.problems import Problem, RequestRefused, invalid_fields
from charge.schemas import CardBody, HostedBody, RefundBody
from payments.runtime.api_gateway import MAX_BODY_BYTES, BodyFault, body_of

_REPLACEMENT_CHARACTER: Final = "\ufffd".encode()
"""API Gateway puts it in place of bytes that are not UTF-8. A text damaged in transit is not charged for."""

Body = TypeVar("Body", bound=BaseModel)
_BARE_KEY: Final = re.compile(r"[!#-~]{1,255}")
_QUOTED_KEY: Final = re.compile(r'"((?:[!#-\[\]-~]|\\["\\]){1,255})"')
"""A string of RFC 9651: a quote and a backslash inside it each have a backslash before them."""

_ESCAPED: Final = re.compile(r'\\(["\\])')
_JSON_TYPE: Final = re.compile(r"application/json|[!#$&^_.+a-z0-9-]+/[!#$&^_.+a-z0-9-]+\+json")


def idempotency_key(headers: Mapping[str, str]) -> str:
    """The key in the Idempotency-Key header, bare or quoted (draft-ietf-httpapi-idempotency-key-header).

    `abc` and `"abc"` are one key. `headers` have lower-case names. Raises RequestRefused 400.
    """
    key = headers.get("idempotency-key")
    if key is None:
        raise _refused(400, "idempotency_key_missing", "The Idempotency-Key header is required.")
    if _BARE_KEY.fullmatch(key):
        return key
    if quoted := _QUOTED_KEY.fullmatch(key):
        return _ESCAPED.sub(r"\1", quoted[1])
    title = "Idempotency-Key must be 1 to 255 visible ASCII characters, bare without quotes, or as one quoted string."
    raise _refused(400, "idempotency_key_invalid", title)


def body_bytes(event: Mapping[str, Any], headers: Mapping[str, str]) -> bytes:
    """The body as it was sent. `headers` have lower-case names.

    Raises RequestRefused: 415 if it is not declared as JSON, 413 above 64 KiB, 400 if its encoding is broken.
    """
    media_type = (headers.get("content-type") or "").partition(";")[0]
    if not _JSON_TYPE.fullmatch(media_type.strip(" \t").lower()):
        raise _refused(415, "not_json_content_type", "The Content-Type must be application/json, or end in +json.")
    body = body_of(event)
    if body is BodyFault.TOO_LARGE:
        raise _refused(413, "too_large", f"The body may have at most {MAX_BODY_BYTES} bytes.")
    if body is BodyFault.UNREADABLE:
        raise _not_json()
    return body


def charge_body(body: bytes, context: Context) -> HostedBody:
    """The validated body, with or without a card. Raises RequestRefused: 400 no JSON object, 422 wrong fields."""
    fields = _json_object(body)
    return _validated(HostedBody if fields.get("payment_method") == "hosted" else CardBody, fields, context)


def refund_body(body: bytes) -> RefundBody:
    """The validated body. Raises RequestRefused: 400 no JSON object, 422 wrong fields."""
    return _validated(RefundBody, _json_object(body), None)


def _json_object(body: bytes) -> dict[str, Any]:
    if _REPLACEMENT_CHARACTER in body:
        raise _not_json()
    try:
        document = json.loads(
            body.decode("utf-8"), object_pairs_hook=_no_duplicates, parse_float=Decimal, parse_constant=_refuse
        )
    except (ValueError, ArithmeticError, RecursionError):
        raise _not_json() from None
    if not isinstance(document, dict):
        raise _refused(400, "not_an_object", "The body must be a JSON object.")
    return document


def _validated(model: type[Body], fields: dict[str, Any], context: Context | None) -> Body:
    try:
        return model.model_validate(fields, context=context)
    except ValidationError as error:
        raise RequestRefused(invalid_fields(error)) from None


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a field is given twice")
    return fields


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _not_json() -> RequestRefused:
    return _refused(400, "not_json", "The body must be JSON in UTF-8, each field given once.")


def _refused(status: int, code: str, title: str) -> RequestRefused:
    return RequestRefused(Problem(status, code, title))
