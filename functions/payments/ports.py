"""What the house needs of the world. Each port is met by a plain class in an adapter's room, and by a fake in tests."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from payments.cards import Card
from payments.events import Event
from payments.money import Money
from payments.payment import Payment
from payments.reports import Report

Clock = Callable[[], datetime]
"""Now, timezone-aware, in UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """Everything the gateway is told of one charge. Lives for one request and has no readable card in it.

    Without a card, the shopper enters it at the gateway's hosted page.
    """

    money: Money
    card: Card | None
    shopper: dict[str, str] = field(repr=False)
    redirect_url: str
    webhook_url: str
    order_id: str
    terminal_id: str | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """The payments that were tried for one order, in order; the last one holds the lock while it may still succeed."""

    id: str
    attempts: tuple[str, ...]


class Gateway(Protocol):
    """Pay Agency. Every call ends in a report or in one of the three GatewayErrors, never in anything else."""

    @property
    def live(self) -> bool:
        """Whether money moves there."""

    def ensure_ready(self) -> None:
        """Raises SecretUnusable or NotSent when a request would not go out, before anything is recorded."""

    def charge(self, submission: Submission, seconds: float) -> Report:
        """Submits at most once, within `seconds`. Raises Refused, NotSent, NoAnswer."""

    def refund(self, transaction_id: str, reason: str, seconds: float) -> Report:
        """Asks for the whole amount back, at most once, within `seconds`.

        Raises Refused (AlreadyRefunded, AlreadyChargedBack), NotSent, NoAnswer.
        """

    def status(self, order_id: str, seconds: float) -> Report:
        """Asks by wire order id, within `seconds`. Raises UnknownToGateway, Refused, NotSent, NoAnswer."""


class ClaimLedger(Protocol):
    """What charging needs of the table."""

    def claim(self, payment: Payment, order: Order | None) -> Payment | None:
        """Records the intent and takes the order's lock, in one conditional write; None when it is claimed.

        `order` is the order as it was read; None when nobody has tried it yet. Returns the payment that already stands
        under this id. Raises OrderMoved when the order is not (any more) as given.
        """

    def release(self, payment: Payment) -> bool:
        """Takes a claim back of which nothing was sent; False when it stays, for somebody knows of the payment."""

    def order(self, order_id: str) -> Order | None:
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


class Bus(Protocol):
    """The EventBridge bus."""

    def publish(self, events: Sequence[Event]) -> int:
        """Puts events in order; returns how many from the front the bus took."""


class Telemetry(Protocol):
    """What operators see: a line in the log and a count in the metrics."""

    def about(self, payment_id: str | None, order_id: str | None = None, transaction_id: str | None = None) -> None:
        """Every line from here on is about this payment, until told otherwise; None: about none."""

    def note(self, signal: str, **facts: str | int) -> None:
        """Something worth counting happened; `facts` hold no secret and no card data."""
