"""The gateway's transaction list: its rows in our terms, its pages, and the port through which they are read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from payments.model.gateway_transaction import GatewayTransaction


@dataclass(frozen=True, slots=True)
class ListedRow:
    """One transaction as the gateway lists it.

    `transaction.order_id` is as received: used to look payments up, and never shown. `order_id` is the same id, cleaned
    so that it may be stored and shown. `other_channel`: the declared channel that the row is of, if it is of one.
    `has_time_zone`: whether the gateway named that of
    `created_at`.
    """

    transaction: GatewayTransaction
    order_id: str | None = None
    created_at: datetime | None = None
    has_time_zone: bool = False
    other_channel: str | None = None
    suspicious_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class UnreadableRow:
    """A row that cannot be compared; `why` names the fault and quotes nothing from the row."""

    why: str
    transaction_id: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page. `total`: the number of transactions in the whole list, by the gateway; None if it gives none."""

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

    def contains(self, moment: datetime | None) -> bool:
        """Whether a moment is on one of the days; an unknown moment (None) counts as if it were."""
        return moment is None or self.first <= moment.date() <= self.last


class TransactionList(Protocol):
    """Pay Agency's list. A call ends in a page or in one of the three GatewayErrors."""

    def page(self, span: Span, cursor: str | None, seconds: float) -> Page:
        """One page of a span's list, within `seconds`; `cursor` None: the first. Raises Refused, NotSent, NoAnswer."""
