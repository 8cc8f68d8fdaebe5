"""The gateway's transaction list: its rows in our words, a page at a time, and the port it is read through."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from payments.model.gateway_transaction import GatewayTransaction


@dataclass(frozen=True, slots=True)
class ListedRow:
    """One transaction as the gateway lists it. `report.order_id` is as it came: looked up, and shown nowhere.

    `order_id` is the same, fit to be kept and shown.
    """

    transaction: GatewayTransaction
    order_id: str | None = None
    created_at: datetime | None = None
    suspicious_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class UnreadableRow:
    """A row that cannot be compared; `why` names what is wrong and quotes nothing."""

    why: str
    transaction_id: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page. `total`: how many transactions the gateway says the walk has; None when it does not say."""

    rows: Sequence[ListedRow | UnreadableRow]
    has_next: bool
    next_cursor: str | None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """Whole days in UTC, both ends included."""

    first: date
    last: date

    def __str__(self) -> str:
        return f"{self.first.isoformat()}_{self.last.isoformat()}"

    def has(self, moment: datetime | None) -> bool:
        """Whether a moment falls into it; one that nobody told counts as if it did."""
        return moment is None or self.first <= moment.date() <= self.last


class TransactionList(Protocol):
    """Pay Agency's list. A call ends in a page or in one of the three GatewayErrors."""

    def page(self, span: Span, cursor: str | None, seconds: float) -> Page:
        """One page of the walk over a span, within `seconds`. Raises Refused, NotSent, NoAnswer."""
