"""What the use cases need of the table, and the errors that the table may raise.

LedgerError
├── LostRace      somebody wrote first; what stands there now comes along
├── Released      the claim was taken back meanwhile: there is no such payment any more
├── OrderMoved    somebody took the order's lock meanwhile: read it again
└── TableBusy     the table leaves readings undone: somebody else's retry
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from payments.errors import PaymentsError
from payments.model.payment import Payment


@dataclass(frozen=True, slots=True)
class OrderLock:
    """The payments that were tried for one order, in order; the last one holds the lock while it may still succeed."""

    id: str
    attempts: tuple[str, ...]


class ClaimLedger(Protocol):
    """What charging needs of the table."""

    def claim(self, payment: Payment, order: OrderLock | None) -> Payment | None:
        """Records the intent and takes the order's lock, in one conditional write; None when it is claimed.

        `order` is the order as it was read; None when nobody has tried it yet. Returns the payment that already stands
        under this id. Raises OrderMoved when the order is not (any more) as given.
        """

    def release(self, payment: Payment) -> bool:
        """Takes a claim back of which nothing was sent; False when it stays, for somebody knows of the payment."""

    def order(self, order_id: str) -> OrderLock | None:
        """The attempts at an order, None when there are none."""

    def get(self, payment_id: str) -> Payment | None:
        """The payment as it stands, strongly consistent."""

    def save(self, before: Payment, after: Payment) -> Payment:
        """Writes `after` in one conditional write and returns it as it now stands.

        Raises LostRace with what stands there when anybody has written since `before` was read; Released when nothing
        stands there any more.
        """


class FollowUpLedger(Protocol):
    """What settling, publishing and following up need of the table."""

    def get(self, payment_id: str) -> Payment | None:
        """The payment as it stands, strongly consistent."""

    def save(self, before: Payment, after: Payment) -> Payment:
        """Writes `after` in one conditional write and returns it as it now stands.

        Raises LostRace with what stands there when anybody has written since `before` was read; Released when nothing
        stands there any more.
        """

    def due(self, now: datetime, limit: int) -> Iterable["Due"]:
        """What is due, the longest waiting first in each shard; read lazily, at most `limit` a shard."""

    def lease(self, due: "Due", until: datetime) -> Payment | None:
        """Takes one due payment until then, in one conditional write; None when another run has it."""

    def advance(self, payment: Payment, published: int) -> None:
        """Moves the publish cursor, never back, and clears or sets what is due next."""


@dataclass(frozen=True, slots=True)
class Due:
    """A payment on the follow-up index, and the due time under which it was found."""

    payment_id: str
    due_at: datetime


class LedgerError(PaymentsError):
    """Base of what the ledger raises."""


class LostRace(LedgerError):
    """Somebody else wrote first. `current` is what stands in the ledger now."""

    def __init__(self, current: "Payment") -> None:
        super().__init__(f"{current.id} is at version {current.version} by now")
        self.current = current


class Released(LedgerError):
    """The claim was taken back, for nothing was sent: there is no such payment any more."""


class OrderMoved(LedgerError):
    """The order, or the attempt before, is not as it was read: read it again and decide again."""


class TableBusy(LedgerError):
    """The table leaves readings undone for longer than is waited: nothing was written."""
