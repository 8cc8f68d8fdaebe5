"""What the use cases need of the gateway, and the three ways in which a call may fail.

GatewayError
├── Refused                  the gateway read the request and turned it down: nothing happened there
│   ├── CredentialsRefused   it turned down our key
│   ├── UnknownToGateway     it has no such payment
│   ├── AlreadyRefunded      the money is on its way back, whoever sent it
│   └── AlreadyChargedBack   the cardholder's bank has taken the money back
├── NotSent                  no byte of the request left: it may be tried again
└── NoAnswer                 the request left, and its outcome is unknown: ask, never send again
"""

from dataclasses import dataclass, field
from typing import Protocol

from payments.errors import PaymentsError
from payments.model.card import Card
from payments.model.gateway_transaction import GatewayTransaction
from payments.model.history import FieldError
from payments.model.money import Money


class GatewayError(PaymentsError):
    """Base of a call to the gateway that brought no report."""


class Refused(GatewayError):
    """The gateway read the request and turned it down; no payment came of it."""

    def __init__(self, message: str, errors: tuple[FieldError, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.errors = errors


class CredentialsRefused(Refused):
    """The gateway turned our secret key down."""


class UnknownToGateway(Refused):
    """The gateway has no payment under that id."""


class AlreadyRefunded(Refused):
    """The gateway sends nothing back, for it has done so before."""


class AlreadyChargedBack(Refused):
    """The gateway sends nothing back, for the cardholder's bank has taken it."""


class NotSent(GatewayError):
    """No byte of the request left this machine."""


class NoAnswer(GatewayError):
    """The request left, or part of it did, and no answer can be made out."""


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


class Gateway(Protocol):
    """Pay Agency. Every call ends in a report or in one of the three GatewayErrors, never in anything else."""

    @property
    def live(self) -> bool:
        """Whether money moves there."""

    def ensure_ready(self) -> None:
        """Raises SecretUnusable or NotSent when a request would not go out, before anything is recorded."""

    def charge(self, submission: Submission, seconds: float) -> GatewayTransaction:
        """Submits at most once, within `seconds`. Raises Refused, NotSent, NoAnswer."""

    def refund(self, transaction_id: str, reason: str, seconds: float) -> GatewayTransaction:
        """Asks for the whole amount back, at most once, within `seconds`.

        Raises Refused (AlreadyRefunded, AlreadyChargedBack), NotSent, NoAnswer.
        """

    def status(self, order_id: str, seconds: float) -> GatewayTransaction:
        """Asks by wire order id, within `seconds`. Raises UnknownToGateway, Refused, NotSent, NoAnswer."""
