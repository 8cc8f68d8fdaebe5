"""A gateway that follows a script, and keeps a book of what the bank believes, which no failure on the way changes."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from payments.errors import PaymentsError
from payments.model.gateway_transaction import GatewayTransaction
from payments.ports.gateway import (
    AlreadyChargedBack,
    AlreadyRefunded,
    GatewayError,
    Refused,
    Submission,
    UnknownToGateway,
)
from tests.fakes import samples


@dataclass(slots=True)
class Booked:
    """A charge at the bank: it exists, whoever knows of it. `said` is the gateway's status word, as it is now."""

    transaction_id: str
    submission: Submission
    raw_status: str
    refunded: bool = False
    charged_back: bool = False

    @property
    def order_id(self) -> str:
        """The order id it was sent under."""
        return self.submission.order_id


@dataclass(frozen=True, slots=True)
class Answers:
    """The charge is booked under this status word and answered; `changes` falsify the answer, not the book."""

    raw_status: str = "REDIRECT"
    changes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fails:
    """The call fails. `booked` is the status word the charge has at the bank all the same, None if it never got in."""

    error: PaymentsError
    booked: str | None = None


@dataclass(frozen=True, slots=True)
class Refunds:
    """The money goes back, or not (`done`); the call fails with `error`, or answers; `changes` falsify the answer."""

    done: bool = True
    error: PaymentsError | None = None
    changes: dict[str, Any] = field(default_factory=dict)


class ScriptedGateway:
    """Meets the Gateway port. Unscripted, every charge is sent to its 3-D Secure page, and a status is what is booked.

    Script: `will(...)` for the next charges, `will_say(...)` for the next statuses (a GatewayTransaction, or an error to raise),
    `will_refund(...)` for the next refunds; `answers`: what it says of a name whenever it is asked.
    """

    def __init__(self) -> None:
        self.book: list[Booked] = []
        self.submissions: list[Submission] = []
        self.asked: list[str] = []
        self.unready: PaymentsError | None = None
        self.answers: dict[str, GatewayTransaction] = {}
        self.before_answer: Callable[[Booked], None] | None = None
        self.refund_posts: list[str] = []
        self.before_refund_answer: Callable[[Booked], None] | None = None
        self._refunds: deque[Refunds] = deque()
        self._charges: deque[Answers | Fails] = deque()
        self._statuses: deque[GatewayTransaction | GatewayError] = deque()
        self._lock = threading.Lock()

    def will(self, *outcomes: Answers | Fails) -> None:
        """Scripts the next charges."""
        self._charges.extend(outcomes)

    def will_say(self, *outcomes: GatewayTransaction | GatewayError) -> None:
        """Scripts the next statuses."""
        self._statuses.extend(outcomes)

    def will_refund(self, *outcomes: Refunds) -> None:
        """Scripts the next refunds."""
        self._refunds.extend(outcomes)

    live = False

    def ensure_ready(self) -> None:
        """See `Gateway.ensure_ready`."""
        if self.unready is not None:
            raise self.unready

    def charge(self, submission: Submission, seconds: float) -> GatewayTransaction:
        """See `Gateway.charge`."""
        with self._lock:
            self.submissions.append(submission)
            outcome = self._charges.popleft() if self._charges else Answers()
            raw_status = outcome.raw_status if isinstance(outcome, Answers) else outcome.booked
            booked = self._entered(submission, raw_status) if raw_status is not None else None
        if booked is not None and self.before_answer is not None:
            self.before_answer(booked)
        if isinstance(outcome, Fails) or booked is None:
            raise outcome.error if isinstance(outcome, Fails) else AssertionError(outcome)
        return transaction_of(booked, raw_status=outcome.raw_status, **outcome.changes)

    def refund(self, transaction_id: str, reason: str, seconds: float) -> GatewayTransaction:
        """See `Gateway.refund`. The bank sends the money back at most once, and not what was charged back."""
        with self._lock:
            self.refund_posts.append(transaction_id)
            outcome = self._refunds.popleft() if self._refunds else Refunds()
            booked = next(each for each in self.book if each.transaction_id == transaction_id)
            refusal = _refusal(booked) if outcome.done else None
            if outcome.done and refusal is None:
                booked.refunded = True
        if self.before_refund_answer is not None:
            self.before_refund_answer(booked)
        if (error := outcome.error or refusal) is not None:
            raise error
        return transaction_of(booked, **outcome.changes)

    def status(self, order_id: str, seconds: float) -> GatewayTransaction:
        """See `Gateway.status`."""
        with self._lock:
            self.asked.append(order_id)
            outcome = self._statuses.popleft() if self._statuses else self._found(order_id)
        if isinstance(outcome, GatewayTransaction):
            return outcome
        raise outcome

    def booked(self, order_id: str) -> list[Booked]:
        """What the bank holds under a wire order id: never more than one, if we keep our promise."""
        return [booked for booked in self.book if booked.order_id == order_id]

    def _entered(self, submission: Submission, raw_status: str) -> Booked:
        booked = Booked(f"PA{len(self.book) + 1:016}", submission, raw_status)
        self.book.append(booked)
        return booked

    def _found(self, name: str) -> GatewayTransaction | GatewayError:
        if name in self.answers:
            return self.answers[name]
        found = [booked for booked in self.book if name in (booked.order_id, booked.transaction_id)]
        return transaction_of(found[-1]) if found else UnknownToGateway("the gateway has no payment under this id")


def _refusal(booked: Booked) -> Refused | None:
    if booked.refunded:
        return AlreadyRefunded("Transaction has already been refunded.")
    return AlreadyChargedBack("Transaction has already been charged back.") if booked.charged_back else None


def transaction_of(booked: Booked, *, raw_status: str | None = None, **changes: Any) -> GatewayTransaction:
    """What the gateway says of a booked charge."""
    money = booked.submission.money
    told: dict[str, Any] = {
        "transaction_id": booked.transaction_id,
        "order_id": booked.order_id,
        "amount": Decimal(money.amount),
        "currency": money.currency,
        "refunded": booked.refunded,
        "charged_back": booked.charged_back,
    }
    return samples.transaction(raw_status or booked.raw_status, **{**told, **changes})
