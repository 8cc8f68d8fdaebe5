"""The gateway's transaction list: requests a page and parses its rows. Source: the gateway's transactions page.

That page documents little, so the parser is lenient about the formats of values. But a row is parsed completely or not
at all, because half a row would be a guess. A row also has the masked card number, which is never read.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode

from payments.gateway import envelope
from payments.gateway.client import PayAgency
from payments.gateway.refusals import is_refusal
from payments.gateway.status_words import VERDICTS
from payments.gateway.transport import Exchange
from payments.model.gateway_transaction import GatewayTransaction
from payments.model.money import EXPONENTS, exact, in_minor_units
from payments.model.pan import holds_masked_number, may_hold_number
from payments.ports.gateway import NoAnswer, Refused
from payments.ports.runtime import Clock
from payments.reconciliation.transaction_list import ListedRow, Page, Span, UnreadableRow

MAX_PAGE_BYTES: Final = 4 * 1024 * 1024
"""Enough for thousands of rows. Limits the memory for one page."""

AMOUNT_LIMIT: Final = 10**11
"""In minor units; a number from here on is not an amount. Every card number is larger, so none passes as an amount."""

_MAX_CURSOR: Final = 2048
_ONE_DAY: Final = timedelta(days=1)
_ORDER_ID: Final = re.compile(r"[A-Za-z0-9._~#/-]{1,64}")
_STATUS: Final = re.compile(r"[A-Za-z]+(?:[_-][A-Za-z]+)*")
_NO_DATE: Final = (None, "", False)
_EARLIEST: Final = datetime(2015, 1, 1, tzinfo=UTC)
"""No date of a transaction is before this day, nor more than a day before the transaction was created."""


class Unreadable(ValueError):
    """A row that cannot be parsed. The message names the field and quotes no value."""


@dataclass(frozen=True, slots=True)
class PayAgencyList:
    """Meets the TransactionList port with the gateway's client: its keys, its circuit breaker, its errors."""

    client: PayAgency
    clock: Clock
    other_channels: Collection[str] = ()

    def page(self, span: Span, cursor: str | None, seconds: float) -> Page:
        """See `TransactionList.page`. Asks for one more day at each end: the gateway's time zone is not documented."""
        query = {
            "transaction_start_date": (span.first - _ONE_DAY).isoformat(),
            "transaction_end_date": (span.last + _ONE_DAY).isoformat(),
            **({} if cursor is None else {"nextCursor": cursor}),
        }
        path = f"/api/v1/{self.client.mode}-transactions?{urlencode(query)}"
        exchange, _ = self.client.get(path, seconds, MAX_PAGE_BYTES)
        return _page(exchange, self.client.dialect, self.clock(), self.other_channels)


def _page(exchange: Exchange, dialect: envelope.Dialect, now: datetime, other_channels: Collection[str]) -> Page:
    # A byte that is not UTF-8, for example in a name, must not make a whole page unreadable.
    reply = envelope.parse(exchange.body.decode("utf-8", "replace").encode())
    if is_refusal(exchange.status, reply):
        raise Refused(envelope.message_of(reply or {}) or "the gateway refused the request")
    if reply is None or exchange.status != 200:
        raise NoAnswer(f"HTTP {exchange.status} without a page")
    rows, meta = reply.get("data"), reply.get("meta")
    if not isinstance(rows, list) or not isinstance(meta, dict) or not isinstance(meta.get("hasNextPage"), bool):
        raise NoAnswer("a page that does not say whether it is the last")
    cursor, total = meta.get("nextCursor"), meta.get("totalCount")
    return Page(
        rows=[row_of(row, dialect, now, other_channels) for row in rows],
        has_next=meta["hasNextPage"],
        next_cursor=cursor if isinstance(cursor, str) and 0 < len(cursor) <= _MAX_CURSOR else None,
        total=total if isinstance(total, int) and not isinstance(total, bool) and 0 <= total < AMOUNT_LIMIT else None,
    )


def row_of(
    row: object, dialect: envelope.Dialect, now: datetime, other_channels: Collection[str] = ()
) -> ListedRow | UnreadableRow:
    """Parses one row of any JSON value; never raises. A date more than a day after `now` makes it unreadable.

    `other_channels`: channels that are declared as not ours, such as `transaction_type=PAYMENT_LINK`.
    """
    if not isinstance(row, dict):
        return UnreadableRow("it is no object")
    transaction_id: str | None = None
    try:
        transaction_id = _transaction_id(row)
        listed = _listed_row(row, transaction_id, dialect, now)
    except Unreadable as error:
        return UnreadableRow(str(error), transaction_id)
    return replace(listed, other_channel=next((name for name in _channels_of(row) if name in other_channels), None))


def _listed_row(row: Mapping[str, Any], transaction_id: str, dialect: envelope.Dialect, now: datetime) -> ListedRow:
    raw_status, currency, order_id = row.get("status"), row.get("currency"), row.get("order_id")
    if not isinstance(raw_status, str):
        raise Unreadable("it has no status")
    if not isinstance(currency, str) or currency not in EXPONENTS:
        raise Unreadable("it has no currency of ISO 4217")
    created_at = _moment(row.get("created_at"))
    first = max(_EARLIEST, created_at - _ONE_DAY) if created_at and created_at > _EARLIEST else _EARLIEST
    possible = (first, now + _ONE_DAY)
    dates = ("refund_date", "chargeback_date", "suspicious_date")
    refunded_at, charged_back_at, suspicious_at = (_date(row, name, possible) for name in dates)
    transaction = GatewayTransaction(
        raw_status=raw_status if len(raw_status) <= 40 and _STATUS.fullmatch(raw_status) else "(unknown)",
        verdict=VERDICTS.get(raw_status),
        transaction_id=transaction_id,
        order_id=None if order_id is None else str(order_id)[:200],
        amount=_amount(row, currency, dialect),
        currency=currency,
        refunded=refunded_at is not None,
        refunded_at=refunded_at,
        charged_back=charged_back_at is not None,
        charged_back_at=charged_back_at,
    )
    return ListedRow(
        transaction,
        _safe_order_id(order_id),
        created_at,
        has_time_zone=created_at is not None and _has_time_zone(row["created_at"]),
        suspicious_at=suspicious_at,
    )


def _channels_of(row: Mapping[str, Any]) -> Iterator[str]:
    """The names by which the row's channel may be declared. They are compared only, and not kept."""
    if isinstance(kind := row.get("transaction_type"), str):
        yield f"transaction_type={kind}"
    connector = row.get("merchant_connector")
    name = connector.get("name") if isinstance(connector, dict) else connector
    if isinstance(name, str):
        yield f"merchant_connector={name}"


def _transaction_id(row: Mapping[str, Any]) -> str:
    value = row.get("transaction_id")
    if not isinstance(value, str) or not envelope.TRANSACTION_ID.fullmatch(value):
        raise Unreadable("it has no transaction_id")
    if holds_masked_number(value) or (not re.search("[A-Za-z]", value) and may_hold_number(value)):
        raise Unreadable("its transaction_id looks like a card's number")
    return value


def _amount(row: Mapping[str, Any], currency: str, dialect: envelope.Dialect) -> Decimal:
    number = exact(row.get("amount"))
    if number is None:
        raise Unreadable("it has no amount")
    amount = in_minor_units(number, currency, dialect.amount_unit)
    if not -AMOUNT_LIMIT < amount < AMOUNT_LIMIT:
        raise Unreadable("its amount is out of all proportion")
    return amount


def _safe_order_id(order_id: object) -> str | None:
    """The order id if it has the form of one. Anything else may be a name, a card number or a formula: not shown."""
    if order_id is None or order_id == "":
        return None
    text = str(order_id) if isinstance(order_id, str | int) else ""
    return text if _ORDER_ID.fullmatch(text) and not may_hold_number(text) else "(not shown)"


def _date(row: Mapping[str, Any], name: str, possible: tuple[datetime, datetime]) -> datetime | None:
    """The date in a field, None if there is none. Raises Unreadable if it is not a date or not a possible one.

    Many systems write a zero date, such as 1970-01-01, where there is none: that is no refund.
    """
    value = row.get(name)
    if value in _NO_DATE:
        return None
    moment = _moment(value)
    if moment is None:
        raise Unreadable(f"its {name} is no date")
    if not possible[0] <= moment <= possible[1]:
        raise Unreadable(f"its {name} cannot be")
    return moment


def _has_time_zone(text: str) -> bool:
    return datetime.fromisoformat(text).tzinfo is not None


def _moment(value: object) -> datetime | None:
    """A time in ISO 8601, else None. Without a time zone it counts as UTC, as the gateway's other times do."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        if moment is None:
            return None
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
