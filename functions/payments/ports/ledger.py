"""What the use cases need from the table, and the errors that it may raise.

Each protocol is what one kind of caller needs; the table's adapter meets them all.

LedgerError
├── LostRace      another process wrote first; `current` is what it wrote
├── Released      the claim was released meanwhile: the payment does not exist any more
├── OrderMoved    another process took the order's lock meanwhile: read it again
└── TableBusy     the table is throttled or contended: nothing was written, the same call may be made again
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from payments.errors import PaymentsError
from payments.model.payment import Payment


@dataclass(frozen=True, slots=True)
class OrderLock:
    """The ids of the payments for one order in one mode, oldest first.

    The last one holds the lock while it may still succeed.
    """

    id: str
    attempts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Superseding:
    """The last payment of an order as it was read, and marked as superseded: the write that gives its order away."""

    before: Payment
    after: Payment


class PaymentReader(Protocol):
    """Reads one payment."""

    def get(self, payment_id: str) -> Payment | None:
        """The payment in its present state, strongly consistent; None when there is none."""


class OrderReader(PaymentReader, Protocol):
    """Reads the payments of an order."""

    def order(self, order_id: str, *, live: bool) -> OrderLock | None:
        """The lock of an order in one mode, strongly consistent; None when the order has no payment in it."""

    def several(self, payment_ids: Iterable[str]) -> Mapping[str, Payment]:
        """Those of the payments that exist, by id, strongly consistent. Raises TableBusy."""


class OutcomeLedger(Protocol):
    """Writes what has become of a payment."""

    def save(self, before: Payment, after: Payment) -> Payment:
        """Writes `after` in one conditional write and returns the payment as it is in the table now.

        Raises LostRace when the payment was written since `before` was read, and Released when it does not exist any
        more.
        """


class PublishingLedger(Protocol):
    """Writes which events are on the bus."""

    def advance(self, payment: Payment, published: int) -> None:
        """Moves the publish cursor to `published`, never back, and sets when the payment is due next, if at all."""


class ClaimLedger(OrderReader, OutcomeLedger, Protocol):
    """What charging needs."""

    def claim(self, payment: Payment, lock: OrderLock | None, superseding: Superseding | None = None) -> Payment | None:
        """Records the payment and takes the lock of its order, in one conditional write; None when that succeeds.

        `lock` is the order's lock as it was read before; None when the order has no payment yet. `superseding`: the
        same write marks the lock's last payment, provided that nothing was written to it since. Returns the payment
        that is already recorded under this id, if there is one. Raises OrderMoved when the lock is not as given.
        """

    def release(self, payment: Payment) -> bool:
        """Deletes the claim of a payment that was not sent; False when it stays, because it is no longer a mere claim.

        A claim stays when an event of it was published, when it was written since, or when a retry was answered with
        it.
        """


class FollowUpLedger(PaymentReader, OutcomeLedger, PublishingLedger, Protocol):
    """What the follow-up and the webhooks need."""

    @property
    def shards(self) -> Sequence[int]:
        """The shards of the follow-up index. Every payment that is due is in one of them."""

    def due(
        self,
        now: datetime,
        limit: int,
        shards: Iterable[int] | None = None,
        after: "Due | None" = None,
        *,
        newest_first: bool = False,
    ) -> Iterable["Due"]:
        """The due payments, at most `limit` in each shard, the longest due first in each shard. Reads lazily.

        `shards`: by default all. `after`: continues behind this payment, in one shard. `newest_first`: the longest due
        last.
        """

    def lease(self, due: "Due", until: datetime) -> Payment | None:
        """Leases one due payment until then, in one conditional write; None when another run has it."""


@dataclass(frozen=True, slots=True)
class Due:
    """A payment on the follow-up index, and the due time under which it was found.

    `has_events`: the index, which may lag a little, shows history entries that are not published yet.
    """

    payment_id: str
    due_at: datetime
    has_events: bool = True


class LedgerError(PaymentsError):
    """Base of what the ledger raises."""


class LostRace(LedgerError):
    """Another process wrote first. `current` is the payment as it is in the ledger now."""

    def __init__(self, current: Payment) -> None:
        super().__init__(f"{current.id} is at revision {current.revision} by now")
        self.current = current


class Released(LedgerError):
    """The claim was released, because nothing was sent: the payment does not exist any more."""


class OrderMoved(LedgerError):
    """The order's lock, or its last attempt, has changed since it was read: read it again and decide again."""


class TableBusy(LedgerError):
    """The table is throttled or contended for longer than a call waits. This call wrote nothing."""
