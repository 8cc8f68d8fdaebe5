"""Parsing and validation of requests. A request that is not valid raises RefusedError with the gateway's texts."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from local.simulator.crypto import UnreadableError, decrypt
from local.simulator.exact_json import Json, loads

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import web

    from local.simulator.credentials import Credentials

_PERSON: Final = (
    "first_name", "last_name", "email", "address", "country", "city", "state", "zip", "ip_address", "phone_number",
)  # fmt: skip
_CARD: Final = ("card_number", "card_expiry_month", "card_expiry_year", "card_cvv")
_OPTIONAL: Final = ("webhook_url", "order_id", "terminal_id")
REQUIRED: Final = {
    "card": (*_PERSON, "amount", "currency", *_CARD, "redirect_url"),
    "hosted": (*_PERSON, "amount", "currency", "redirect_url"),
}
REFUND: Final = ("transaction_id", "reason")
KNOWN_FIELDS: Final = frozenset({*REQUIRED["card"], *_OPTIONAL})


class RefusedError(Exception):
    """The request is refused with this HTTP code and body; nothing is recorded."""

    def __init__(self, code: int, message: str, errors: list[dict[str, str]] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.errors = errors

    def body(self) -> dict[str, Json]:
        return {"message": self.message} | ({} if self.errors is None else {"errors": self.errors})


async def json_body(request: web.Request) -> bytes:
    if request.content_type != "application/json":
        raise RefusedError(400, "Please send application/json.")
    return await request.read()


def decrypted_fields(body: bytes, keys: Credentials) -> dict[str, Json]:
    """The fields inside `{"payload": "<iv hex>:<ciphertext hex>"}`. Raises RefusedError."""
    outer = json_object(body)
    payload = outer.get("payload")
    if not isinstance(payload, str) or set(outer) != {"payload"}:
        raise RefusedError(400, "Please pass encrypted payload.")
    try:
        fields = loads(decrypt(payload, keys.encryption_key))
    except (UnreadableError, ValueError):
        raise RefusedError(400, "Invalid encrypted payload.") from None
    if not isinstance(fields, dict):
        raise RefusedError(400, "Invalid encrypted payload.")
    return fields


def json_object(body: bytes) -> dict[str, Json]:
    try:
        fields = loads(body)
    except ValueError:
        raise RefusedError(400, "Invalid JSON.") from None
    if not isinstance(fields, dict):
        raise RefusedError(400, "Invalid JSON.")
    return fields


def check_charge(call: str, fields: Mapping[str, Json]) -> None:
    required = REQUIRED[call]
    missing = [name for name in required if name not in fields]
    errors = [_error(name, "is required") for name in missing]
    faults = {name: _fault(name, fields[name]) for name in (*required, *_OPTIONAL) if name in fields}
    errors += [_error(name, fault) for name, fault in faults.items() if fault]
    if call == "hosted":
        errors += [_error(name, "is not allowed") for name in _CARD if name in fields]
    if errors:
        raise RefusedError(422, "Please pass all mandatory fields" if missing else "Validation failed", errors)


def check_refund(fields: Mapping[str, Json]) -> None:
    wrong = [name for name in REFUND if not isinstance(fields.get(name), str)]
    errors = [_error(name, "must be a string") for name in wrong]
    errors += [_error(name, "is not allowed") for name in fields if name not in REFUND]
    if errors:
        raise RefusedError(422, "Please pass all mandatory fields" if wrong else "Validation failed", errors)


def _fault(name: str, value: Json) -> str | None:
    if value is None:
        return "must not be null"
    if name == "amount":
        return _amount_fault(value)
    return _text_fault(name, value) if isinstance(value, str) else "must be a string"


def _text_fault(name: str, value: str) -> str | None:
    if not value.strip():
        return "must not be empty"
    if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
        return "must be valid text"
    if name == "order_id" and len(value) < 3:
        return "must be at least 3 characters"
    if name.endswith("_url") and not _is_web_address(value):
        return "must be a valid URL"
    return None


def _amount_fault(value: Json) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return "must be a number"
    return None if value > 0 else "must be greater than 0"


def _is_web_address(text: str) -> bool:
    """Also protects the pages: the URL becomes a Location header and a link."""
    if not text.isascii() or not text.isprintable() or " " in text:
        return False
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def _error(name: str, fault: str) -> dict[str, str]:
    return {"field": name, "message": f"{name} {fault}"}
