"""The gateway's words, as its envelopes read. Facts from the S2S document."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, Literal

from payments.gateway.redaction import _echoes_card, clean
from payments.model.gateway_transaction import GatewayTransaction
from payments.model.history import FieldError
from payments.model.money import AmountUnit, exact, in_minor_units
from payments.model.status import Status
from payments.model.timestamps import parse_iso

CountryFormat = Literal["alpha-2", "alpha-3"]

VERDICTS: Final[dict[str, Status]] = {
    "SUCCESS": Status.SUCCEEDED,
    "FAILED": Status.FAILED,
    "BLOCKED": Status.BLOCKED,
    "ABANDONED": Status.ABANDONED,
    "REDIRECT": Status.REQUIRES_ACTION,
    "PENDING": Status.PENDING,
    "INIT": Status.PROCESSING,
}
"""The gateway's status words. The list is open: a word that is not in it leaves the payment open."""

TRANSACTION_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_CARD_FIELD: Final = re.compile(r"card|cv[cv]|\bpan\b", re.IGNORECASE)
_WEB_ADDRESS: Final = re.compile(r"https?://[^\s/?#]\S*")
_MAX_FIELD_ERRORS: Final = 20


@dataclass(frozen=True, slots=True)
class Dialect:
    """Where the gateway's pages contradict each other: how this account speaks (docs/ambiguities.md, 1 and 2)."""

    amount_unit: AmountUnit
    country_format: CountryFormat


def parse(body: bytes) -> dict[str, Any] | None:
    """The JSON object in a body, numbers as exact decimals; None for anything else, whatever the bytes."""
    try:
        value = json.loads(body.decode("utf-8"), parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError, ArithmeticError):
        return None
    return value if isinstance(value, dict) else None


def transaction_of(
    envelope: dict[str, Any], dialect: Dialect, hidden: Sequence[str] = (), private: Sequence[str] = ()
) -> GatewayTransaction | None:
    """What an envelope says of a payment; None when it has no status or no transaction, so it is no envelope.

    Should the gateway quote them: `hidden` (the card's number and CVV) comes back nowhere, `private` (keys, our webhook
    address, the shopper's data) in no text.
    """
    data = envelope.get("data")
    if not isinstance(data, dict) or not isinstance(raw_status := _status_said(envelope, data), str):
        return None
    transaction_id = data.get("transaction_id")
    if not isinstance(transaction_id, str) or not TRANSACTION_ID.fullmatch(transaction_id):
        return None
    if _echoes_card(transaction_id, hidden):
        return None
    currency = _text(data.get("currency"), hidden)
    number = exact(data.get("amount"))
    refund, chargeback = _part(data, "refund"), _part(data, "chargeback")
    return GatewayTransaction(
        raw_status=clean(raw_status, hidden)[:40],
        verdict=VERDICTS.get(raw_status),
        transaction_id=transaction_id,
        order_id=_stated(data, "order_id"),
        amount=_NO_AMOUNT if number is None and data.get("amount") is not None else _minor(number, currency, dialect),
        currency=currency,
        message=message_of(envelope, hidden, private),
        redirect_url=_url(envelope.get("redirect_url"), hidden),
        refunded=_flag(refund),
        refunded_at=_moment(refund.get("refund_date")),
        charged_back=_flag(chargeback),
        charged_back_at=_moment(chargeback.get("chargeback_date")),
    )


_CONTRADICTORY: Final = "CONTRADICTORY"
"""Stands for two words that cannot both be the payment's: it is none of the gateway's, so it decides nothing."""


def _status_said(envelope: dict[str, Any], data: dict[str, Any]) -> Any:
    """The payment's status word.

    One of the gateway's SDKs shows a second one in `data`, beside "Payment found": then the outer SUCCESS may be the
    question's own, and the payment's is the inner one (docs/ambiguities.md). Any other two cannot both be true.
    """
    outer, inner = envelope.get("status"), data.get("status")
    if inner is None or inner == outer or not isinstance(outer, str):
        return outer
    return inner if outer == "SUCCESS" and isinstance(inner, str) else _CONTRADICTORY


def message_of(envelope: dict[str, Any], hidden: Sequence[str] = (), private: Sequence[str] = ()) -> str | None:
    """The gateway's own words."""
    return _text(envelope.get("message"), (*hidden, *private))


def field_errors(
    envelope: dict[str, Any], hidden: Sequence[str] = (), private: Sequence[str] = ()
) -> tuple[FieldError, ...]:
    """The fields a 422 names. What it says of a card field, or of one we add, is not repeated: it may quote it."""
    errors = envelope.get("errors")
    named = [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
    return tuple(_field_error(error, (*hidden, *private)) for error in named[:_MAX_FIELD_ERRORS])


def _field_error(error: dict[str, Any], hidden: Sequence[str]) -> FieldError:
    name = (_text(error.get("field"), hidden) or "")[:64]
    raw_status = "the gateway refused this field"
    if not _CARD_FIELD.search(name) and name != "webhook_url":
        raw_status = _text(error.get("message"), hidden) or raw_status
    return FieldError(name, "refused_by_gateway", raw_status)


_NO_AMOUNT: Final = Decimal(-1)
"""Stands for an amount that is said but is no number: it equals no amount of ours."""


def _minor(number: Decimal | None, currency: str | None, dialect: Dialect) -> Decimal | None:
    return None if number is None else in_minor_units(number, currency or "", dialect.amount_unit)


def _stated(data: dict[str, Any], name: str) -> str | None:
    value = data.get(name)
    if value is None:
        return None
    # Whatever else stands there is said, too, so that it differs from ours.
    return str(value)[:200] if isinstance(value, str | int) else f"({type(value).__name__})"


def _flag(part: dict[str, Any]) -> bool | None:
    """What is said of a refund or a chargeback; None when nothing is."""
    return raw_status if isinstance(raw_status := part.get("status"), bool) else None


def _part(data: dict[str, Any], name: str) -> dict[str, Any]:
    value = data.get(name)
    return value if isinstance(value, dict) else {}


def _text(value: object, hidden: Sequence[str]) -> str | None:
    return clean(value, hidden) or None if isinstance(value, str) else None


def _url(value: object, hidden: Sequence[str]) -> str | None:
    if not isinstance(value, str) or len(value) > 2048 or not value.isprintable() or _echoes_card(value, hidden):
        return None
    return value if _WEB_ADDRESS.fullmatch(value) else None


def _moment(value: object) -> datetime | None:
    try:
        return parse_iso(value).astimezone(UTC) if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
