"""The gateway's transaction list: raw rows, parsed by the real parser, a page at a time."""

from collections import deque
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any

from payments.gateway import transaction_list
from payments.gateway.envelope import Dialect
from payments.model.payment import Payment
from payments.ports.gateway import GatewayError, Refused
from payments.reconciliation.transaction_list import Page, Span
from tests.fakes import samples

MINOR = Dialect("minor", "alpha-2")
LATER = datetime(2027, 12, 31, tzinfo=UTC)
"""When the rows are parsed."""


class ScriptedList:
    """Meets the TransactionList port. `rows` are raw rows; `script_pages` sets the next answers."""

    def __init__(self, *rows: object, page_size: int = 2) -> None:
        self.rows: list[object] = list(rows)
        self.page_size = page_size
        self.other_channels: Collection[str] = ()
        self.asked: list[tuple[Span, str | None]] = []
        self.seconds: list[float] = []
        self._script: deque[Page | GatewayError | None] = deque()

    def script_pages(self, *outcomes: Page | GatewayError | None) -> None:
        """Sets the outcomes of the next calls: a page, an error to raise, or None for the page as `rows` have it."""
        self._script.extend(outcomes)

    def page(self, span: Span, cursor: str | None, seconds: float) -> Page:
        """See `TransactionList.page`."""
        self.asked.append((span, cursor))
        self.seconds.append(seconds)
        scripted = self._script.popleft() if self._script else None
        if isinstance(scripted, GatewayError):
            raise scripted
        return scripted or self._page([raw for raw in self.rows if _is_asked_for(raw, span)], cursor)

    def _page(self, raw_rows: list[object], cursor: str | None) -> Page:
        first = 0 if cursor is None else int(cursor.removeprefix("from-"))
        if first > len(raw_rows):
            raise Refused("Invalid cursor.")
        after = first + self.page_size
        has_next = after < len(raw_rows)
        rows = [transaction_list.row_of(raw, MINOR, LATER, self.other_channels) for raw in raw_rows[first:after]]
        return Page(rows, has_next, f"from-{after}" if has_next else None, len(raw_rows))


def _is_asked_for(raw: object, span: Span) -> bool:
    """Whether a row is of the span, or of the day before or after it. A row without a readable day always is."""
    try:
        day = datetime.fromisoformat(raw["created_at"]).date()  # type: ignore[index]
    except (TypeError, KeyError, ValueError):
        return True
    return span.first - timedelta(days=1) <= day <= span.last + timedelta(days=1)


def row(raw_status: str = "SUCCESS", of: Payment | None = None, **changes: Any) -> dict[str, Any]:
    """A raw row of the list, about the sample payment or about the payment `of`."""
    fields: dict[str, Any] = {
        "transaction_id": (of.transaction_id if of else None) or samples.TRANSACTION_ID,
        "order_id": of.wire_order_id if of else samples.ORDER_ID,
        "amount": str(of.money.amount if of else samples.MONEY.amount),
        "currency": of.money.currency if of else samples.MONEY.currency,
        "status": raw_status,
        "card_number": "411111XXXXXX1111",
        "card_type": "VISA",
        "created_at": "2027-01-31T09:30:00.000Z",
        "refund_date": None,
        "chargeback_date": None,
        "suspicious_date": None,
    }
    return {**fields, **changes}
