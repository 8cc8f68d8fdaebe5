"""Parses the gateway's envelope, `{"status", "message", "data": {…}}`, to a GatewayTransaction (S2S document)."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, Literal

from payments.gateway.redaction import clean, echoes_card_number
from payments.gateway.status_words import VERDICTS
from payments.model.gateway_transaction import GatewayTransaction
from payments.model.history import FieldError
from payments.model.money import AmountUnit, exact, in_minor_units
from payments.model.timestamps import parse_iso

CountryFormat = Literal["alpha-2", "alpha-3"]

TRANSACTION_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_CARD_FIELD: Final = re.compile(r"card|cv[cv]|\bpan\b", re.IGNORECASE)
_WEB_ADDRESS: Final = re.compile(r"https?://[^\s/?#]\S*")
_MAX_FIELD_ERRORS: Final = 20
_MAX_URL: Final = 2048


@dataclass(frozen=True, slots=True)
class Dialect:
    """Formats on which the gateway's pages contradict each other: set per account (docs/ambiguities.md, 1 and 2)."""

    amount_unit: AmountUnit
    country_format: CountryFormat
    https_pages_only: bool = False
    """In live mode a shopper is sent to no page over plain http: a card may be typed there."""


def parse(body: bytes) -> dict[str, Any] | None:
    """The JSON object in a body, with numbers as exact decimals. None for any other body; never raises."""
    try:
        value = json.loads(body.decode("utf-8"), parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError, ArithmeticError):
        return None
    return value if isinstance(value, dict) else None


def transaction_of(
    envelope: dict[str, Any], dialect: Dialect, card_data: Sequence[str] = (), private: Sequence[str] = ()
) -> GatewayTransaction | None:
    """The transaction in an envelope. None without a status or a transaction id, because then it is no envelope.

    The gateway may quote our request. `card_data` (card number and CVV) is removed from every field, `private` (keys,
    our webhook URL, the shopper's data) from the message.
    """
    data = envelope.get("data")
    if not isinstance(data, dict) or not isinstance(raw_status := _status_of(envelope, data), str):
        return None
    transaction_id = data.get("transaction_id")
    if not isinstance(transaction_id, str) or not TRANSACTION_ID.fullmatch(transaction_id):
        return None
    if echoes_card_number(transaction_id, card_data):
        return None
    currency = _text(data.get("currency"), card_data)
    refund, chargeback = _part(data, "refund"), _part(data, "chargeback")
    return GatewayTransaction(
        raw_status=clean(raw_status, card_data)[:40],
        verdict=VERDICTS.get(raw_status),
        transaction_id=transaction_id,
        order_id=_printed(data.get("order_id")),
        amount=_amount(data.get("amount"), currency, dialect),
        currency=currency,
        message=message_of(envelope, card_data, (*private, *_customer(data))),
        redirect_url=_url(envelope.get("redirect_url"), card_data, https_only=dialect.https_pages_only),
        refunded=_flag(refund),
        refunded_at=_moment(refund.get("refund_date")),
        charged_back=_flag(chargeback),
        charged_back_at=_moment(chargeback.get("chargeback_date")),
    )


_CONTRADICTORY: Final = "CONTRADICTORY"
"""Replaces two status words that contradict each other. It is not one of the gateway's words, so it has no verdict."""


def _status_of(envelope: dict[str, Any], data: dict[str, Any]) -> Any:
    """The payment's status word.

    One of the gateway's SDKs shows a second word in `data`, beside "Payment found". The outer SUCCESS may then mean
    that the query succeeded, so the inner word counts (docs/ambiguities.md). Any other pair is a contradiction.
    """
    outer, inner = envelope.get("status"), data.get("status")
    if inner is None or inner == outer or not isinstance(outer, str):
        return outer
    return inner if outer == "SUCCESS" and isinstance(inner, str) else _CONTRADICTORY


def message_of(envelope: dict[str, Any], card_data: Sequence[str] = (), private: Sequence[str] = ()) -> str | None:
    """The gateway's message, without `card_data` and `private`."""
    return _text(envelope.get("message"), (*card_data, *private))


def field_errors(
    envelope: dict[str, Any], card_data: Sequence[str] = (), private: Sequence[str] = ()
) -> tuple[FieldError, ...]:
    """The field errors of a 422. Messages about a card field or our webhook URL are replaced: they may quote it."""
    errors = envelope.get("errors")
    objects = [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
    return tuple(_field_error(error, (*card_data, *private)) for error in objects[:_MAX_FIELD_ERRORS])


def _field_error(error: dict[str, Any], hidden: Sequence[str]) -> FieldError:
    name = (_text(error.get("field"), hidden) or "")[:64]
    message = "the gateway refused this field"
    if not _CARD_FIELD.search(name) and name != "webhook_url":
        message = _text(error.get("message"), hidden) or message
    return FieldError(name, "refused_by_gateway", message)


_NO_AMOUNT: Final = Decimal(-1)
"""Replaces an amount that is not a number. It differs from every amount of ours."""


def _amount(value: object, currency: str | None, dialect: Dialect) -> Decimal | None:
    """The amount in minor units, None if it is absent."""
    number = exact(value)
    if number is None:
        return None if value is None else _NO_AMOUNT
    return in_minor_units(number, currency or "", dialect.amount_unit)


def _printed(value: object) -> str | None:
    """An order id as text, None if it is absent. A value of another type becomes a text that differs from ours."""
    if value is None:
        return None
    return str(value)[:200] if isinstance(value, str | int) else f"({type(value).__name__})"


def _flag(part: dict[str, Any]) -> bool | None:
    """Whether there is a refund or a chargeback; None if the envelope does not state it."""
    return status if isinstance(status := part.get("status"), bool) else None


def _part(data: dict[str, Any], name: str) -> dict[str, Any]:
    value = data.get(name)
    return value if isinstance(value, dict) else {}


def _text(value: object, hidden: Sequence[str]) -> str | None:
    return clean(value, hidden) or None if isinstance(value, str) else None


def _customer(data: dict[str, Any]) -> tuple[str, ...]:
    """The shopper's name and email as the reply itself has them: the text of a status or a webhook may quote them."""
    values = (_part(data, "customer").get(name) for name in ("first_name", "last_name", "email"))
    return tuple(value for value in values if isinstance(value, str) and len(value) >= 2)


def _url(value: object, card_data: Sequence[str], *, https_only: bool) -> str | None:
    if not isinstance(value, str) or len(value) > _MAX_URL or not value.isprintable():
        return None
    if https_only and not value.startswith("https://"):
        return None
    return value if _WEB_ADDRESS.fullmatch(value) and not echoes_card_number(value, card_data) else None


def _moment(value: object) -> datetime | None:
    try:
        return parse_iso(value).astimezone(UTC) if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
