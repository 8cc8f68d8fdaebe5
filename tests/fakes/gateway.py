"""A gateway that follows a script. It records the charges at the bank, whatever becomes of the answers."""

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
class BankCharge:
    """A charge at the bank, known to us or not. `raw_status` is the gateway's current status word for it."""

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
    """The charge reaches the bank with this status and is answered. `changes` falsify the answer alone."""

    raw_status: str = "REDIRECT"
    changes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fails:
    """The call fails. `raw_status`: the status of the charge at the bank; None when the charge never got there."""

    error: PaymentsError
    raw_status: str | None = None


@dataclass(frozen=True, slots=True)
class Refunds:
    """`done`: the bank sends the money back. The call fails with `error`, or answers; `changes` falsify the answer."""

    done: bool = True
    error: PaymentsError | None = None
    changes: dict[str, Any] = field(default_factory=dict)


class ScriptedGateway:
    """Meets the Gateway port. Unscripted, a charge is sent to its 3-D Secure page, and a status is the bank's.

    `script_charges`, `script_statuses` and `script_refunds` set the outcomes of the next calls. `answers` sets the
    status of one order id for every call.
    """

    live = False
    status_names_page = False
    """Whether a status of REDIRECT comes with the page. In the documents only the card reply has it."""

    def __init__(self) -> None:
        self.charges: list[BankCharge] = []
        self.submissions: list[Submission] = []
        self.asked: list[str] = []
        self.unready: PaymentsError | None = None
        self.answers: dict[str, GatewayTransaction] = {}
        self.before_answer: Callable[[BankCharge], None] | None = None
        self.before_status: Callable[[], None] | None = None
        self.refund_posts: list[str] = []
        self.before_refund_answer: Callable[[BankCharge], None] | None = None
        self._next_refunds: deque[Refunds] = deque()
        self._next_charges: deque[Answers | Fails] = deque()
        self._next_statuses: deque[GatewayTransaction | GatewayError] = deque()
        self._lock = threading.Lock()

    def script_charges(self, *outcomes: Answers | Fails) -> None:
        """Sets the outcomes of the next charges."""
        self._next_charges.extend(outcomes)

    def script_statuses(self, *outcomes: GatewayTransaction | GatewayError) -> None:
        """Sets the outcomes of the next status queries: an answer, or an error to raise."""
        self._next_statuses.extend(outcomes)

    def forget_statuses(self) -> None:
        """Removes what is left of the scripted status queries."""
        self._next_statuses.clear()

    def script_refunds(self, *outcomes: Refunds) -> None:
        """Sets the outcomes of the next refunds."""
        self._next_refunds.extend(outcomes)

    def ensure_ready(self) -> None:
        """See `Gateway.ensure_ready`."""
        if self.unready is not None:
            raise self.unready

    def charge(self, submission: Submission, seconds: float) -> GatewayTransaction:
        """See `Gateway.charge`."""
        with self._lock:
            self.submissions.append(submission)
            outcome = self._next_charges.popleft() if self._next_charges else Answers()
            charge = self._recorded(submission, outcome.raw_status) if outcome.raw_status is not None else None
        if charge is not None and self.before_answer is not None:
            self.before_answer(charge)
        if isinstance(outcome, Fails):
            raise outcome.error
        assert charge is not None
        return transaction_of(charge, raw_status=outcome.raw_status, **outcome.changes)

    def refund(self, transaction_id: str, reason: str, seconds: float) -> GatewayTransaction:
        """See `Gateway.refund`. The bank refunds a charge at most once, and never one that was charged back."""
        with self._lock:
            self.refund_posts.append(transaction_id)
            outcome = self._next_refunds.popleft() if self._next_refunds else Refunds()
            charge = next(each for each in self.charges if each.transaction_id == transaction_id)
            refusal = _refusal(charge) if outcome.done else None
            if outcome.done and refusal is None:
                charge.refunded = True
        if self.before_refund_answer is not None:
            self.before_refund_answer(charge)
        if (error := outcome.error or refusal) is not None:
            raise error
        return transaction_of(charge, **outcome.changes)

    def status(self, order_id: str, seconds: float) -> GatewayTransaction:
        """See `Gateway.status`."""
        with self._lock:
            self.asked.append(order_id)
            if self.before_status is not None:
                self.before_status()
            outcome = self._next_statuses.popleft() if self._next_statuses else self._found(order_id)
        if isinstance(outcome, GatewayTransaction):
            return outcome
        raise outcome

    def charges_of(self, order_id: str) -> list[BankCharge]:
        """The charges at the bank under a wire order id; more than one means that somebody was charged twice."""
        return [charge for charge in self.charges if charge.order_id == order_id]

    def _recorded(self, submission: Submission, raw_status: str) -> BankCharge:
        charge = BankCharge(f"PA{len(self.charges) + 1:016}", submission, raw_status)
        self.charges.append(charge)
        return charge

    def _found(self, name: str) -> GatewayTransaction | GatewayError:
        if name in self.answers:
            return self.answers[name]
        found = [charge for charge in self.charges if name in (charge.order_id, charge.transaction_id)]
        if not found:
            return UnknownToGateway("the gateway has no payment under this id")
        return transaction_of(found[-1], **({} if self.status_names_page else {"redirect_url": None}))


def _refusal(charge: BankCharge) -> Refused | None:
    if charge.refunded:
        return AlreadyRefunded("Transaction has already been refunded.")
    return AlreadyChargedBack("Transaction has already been charged back.") if charge.charged_back else None


def transaction_of(charge: BankCharge, *, raw_status: str | None = None, **changes: Any) -> GatewayTransaction:
    """The gateway's answer about a charge; `changes` falsify it."""
    money = charge.submission.money
    fields: dict[str, Any] = {
        "transaction_id": charge.transaction_id,
        "order_id": charge.order_id,
        "amount": Decimal(money.amount),
        "currency": money.currency,
        "refunded": charge.refunded,
        "charged_back": charge.charged_back,
    }
    return samples.transaction(raw_status or charge.raw_status, **{**fields, **changes})
