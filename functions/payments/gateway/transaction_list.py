"""The gateway's transaction list: how a page is asked for, and how its rows read. Facts from its transactions page.

Read leniently, as nobody says more of it, but a row is read whole or not at all: half of one would be a guess. The
card's masked number stands in it, too; it is never looked at.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode

from payments.gateway import envelope
from payments.gateway.client import PayAgency
from payments.gateway.refusals import turns_down
from payments.gateway.transport import Exchange
from payments.model.gateway_transaction import GatewayTransaction
from payments.model.money import EXPONENTS, exact, in_minor_units
from payments.model.pan import holds_masked_number, may_hold_number
from payments.ports.gateway import NoAnswer, Refused
from payments.ports.runtime import Clock
from payments.reconciliation.transaction_list import ListedRow, Page, Span, UnreadableRow

MAX_PAGE_BYTES: Final = 4 * 1024 * 1024
"""Thousands of rows; memory stays bounded whatever the gateway thinks a page is."""

MOST: Final = 10**11
"""Minor units from which on a number is no amount. The shortest card number is longer, and shall not pass for one."""

_MAX_CURSOR: Final = 2048
_A_DAY: Final = timedelta(days=1)
_ORDER_ID: Final = re.compile(r"[A-Za-z0-9._~#/-]{1,64}")
_STATUS: Final = re.compile(r"[A-Za-z]+(?:[_-][A-Za-z]+)*")
_NO_DATE: Final = (None, "", False)
_EARLIEST: Final = datetime(2015, 1, 1, tzinfo=UTC)
"""Nothing happened to a transaction before this, nor, by any clock, a day before it was made."""


class Unreadable(ValueError):
    """A row that cannot be read; the sentence says what of it, and quotes nothing."""


@dataclass(frozen=True, slots=True)
class PayAgencyList:
    """Meets the TransactionList port through the gateway's client: its keys, its breaker, its errors."""

    client: PayAgency
    clock: Clock

    def page(self, span: Span, cursor: str | None, seconds: float) -> Page:
        """See `TransactionList.page`. A day more at each end: nobody says in whose time zone the gateway's days are."""
        query = {
            "transaction_start_date": (span.first - _A_DAY).isoformat(),
            "transaction_end_date": (span.last + _A_DAY).isoformat(),
            **({} if cursor is None else {"nextCursor": cursor}),
        }
        path = f"/api/v1/{self.client.mode}-transactions?{urlencode(query)}"
        exchange, _ = self.client.get(path, seconds, MAX_PAGE_BYTES)
        return _page(exchange, self.client.dialect, self.clock())


def _page(exchange: Exchange, dialect: envelope.Dialect, now: datetime) -> Page:
    # A byte that is no UTF-8, in a name for one, must not hide a whole page.
    told = envelope.parse(exchange.body.decode("utf-8", "replace").encode())
    if turns_down(exchange.status, told):
        raise Refused(envelope.message_of(told or {}) or "the gateway refused the request")
    if told is None or exchange.status != 200:
        raise NoAnswer(f"HTTP {exchange.status} without a page")
    rows, meta = told.get("data"), told.get("meta")
    if not isinstance(rows, list) or not isinstance(meta, dict) or not isinstance(meta.get("hasNextPage"), bool):
        raise NoAnswer("a page that does not say whether it is the last")
    cursor, total = meta.get("nextCursor"), meta.get("totalCount")
    return Page(
        rows=[row_of(row, dialect, now) for row in rows],
        has_next=meta["hasNextPage"],
        next_cursor=cursor if isinstance(cursor, str) and 0 < len(cursor) <= _MAX_CURSOR else None,
        total=total if isinstance(total, int) and not isinstance(total, bool) and 0 <= total < MOST else None,
    )


def row_of(told: object, dialect: envelope.Dialect, now: datetime) -> ListedRow | UnreadableRow:
    """One row, whatever it holds: never an error. `now`: what is said to have happened later has not."""
    if not isinstance(told, dict):
        return UnreadableRow("it is no object")
    transaction_id: str | None = None
    try:
        transaction_id = _transaction_id(told)
        return _read(told, transaction_id, dialect, now)
    except Unreadable as error:
        return UnreadableRow(str(error), transaction_id)


def _read(told: Mapping[str, Any], transaction_id: str, dialect: envelope.Dialect, now: datetime) -> ListedRow:
    raw_status, currency, order_id = told.get("status"), told.get("currency"), told.get("order_id")
    if not isinstance(raw_status, str):
        raise Unreadable("it has no status")
    if not isinstance(currency, str) or currency not in EXPONENTS:
        raise Unreadable("it has no currency of ISO 4217")
    created_at = _moment(told.get("created_at"))
    between = (
        max(_EARLIEST, created_at - _A_DAY) if created_at and created_at > _EARLIEST else _EARLIEST,
        now + _A_DAY,
    )
    dates = ("refund_date", "chargeback_date", "suspicious_date")
    refunded_at, charged_back_at, suspicious_at = (_date(told, name, between) for name in dates)
    transaction = GatewayTransaction(
        raw_status=raw_status if len(raw_status) <= 40 and _STATUS.fullmatch(raw_status) else "(unknown)",
        verdict=envelope.VERDICTS.get(raw_status),
        transaction_id=transaction_id,
        order_id=None if order_id is None else str(order_id)[:200],
        amount=_amount(told, currency, dialect),
        currency=currency,
        refunded=refunded_at is not None,
        refunded_at=refunded_at,
        charged_back=charged_back_at is not None,
        charged_back_at=charged_back_at,
    )
    return ListedRow(transaction, _shown(order_id), created_at, suspicious_at)


def _transaction_id(told: Mapping[str, Any]) -> str:
    value = told.get("transaction_id")
    if not isinstance(value, str) or not envelope.TRANSACTION_ID.fullmatch(value):
        raise Unreadable("it has no transaction_id")
    if holds_masked_number(value) or (not re.search("[A-Za-z]", value) and may_hold_number(value)):
        raise Unreadable("its transaction_id looks like a card's number")
    return value


def _amount(told: Mapping[str, Any], currency: str, dialect: envelope.Dialect) -> Decimal:
    number = exact(told.get("amount"))
    if number is None:
        raise Unreadable("it has no amount")
    amount = in_minor_units(number, currency, dialect.amount_unit)
    if not -MOST < amount < MOST:
        raise Unreadable("its amount is out of all proportion")
    return amount


def _shown(order_id: object) -> str | None:
    """An order id that looks like one. Of another nobody knows what it is: a name, a card, a formula."""
    if order_id is None or order_id == "":
        return None
    told = str(order_id) if isinstance(order_id, str | int) else ""
    return told if _ORDER_ID.fullmatch(told) and not may_hold_number(told) else "(not shown)"


def _date(told: Mapping[str, Any], name: str, between: tuple[datetime, datetime]) -> datetime | None:
    """When something happened, None when it did not. Raises Unreadable for what is neither, or cannot be.

    Many a system writes its zero where there is no date: that is a mistake, and no refund.
    """
    value = told.get(name)
    if value in _NO_DATE:
        return None
    moment = _moment(value)
    if moment is None:
        raise Unreadable(f"its {name} is no date")
    if not between[0] <= moment <= between[1]:
        raise Unreadable(f"its {name} cannot be")
    return moment


def _moment(value: object) -> datetime | None:
    """ISO 8601; without a time zone it is taken for UTC, in which the gateway's other moments are."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        if moment is None:
            return None
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
