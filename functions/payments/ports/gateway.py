"""What the use cases need from the gateway, and the three ways in which a call may fail.

GatewayError
├── Refused                  the gateway read the request and refused it: nothing happened there
│   ├── CredentialsRefused   it refused our secret key
│   ├── UnknownToGateway     it has no payment under this id
│   ├── AlreadyRefunded      the payment was refunded before, by us or by somebody else
│   └── AlreadyChargedBack   the cardholder's bank has taken the money back
├── NotSent                  no byte of the request was sent: it may be sent again
└── NoAnswer                 the request was sent, its outcome is unknown: query the status, never send again
"""

from dataclasses import dataclass, field
from typing import Protocol

from payments.errors import PaymentsError
from payments.model.card import Card
from payments.model.gateway_transaction import GatewayTransaction
from payments.model.history import FieldError
from payments.model.money import Money


class GatewayError(PaymentsError):
    """Base of the errors of a call to the gateway that returned no transaction."""


class Refused(GatewayError):
    """The gateway read the request and refused it, so it has no effect there. `errors`: the refused fields."""

    def __init__(self, message: str, errors: tuple[FieldError, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.errors = errors


class CredentialsRefused(Refused):
    """The gateway refused our secret key."""


class UnknownToGateway(Refused):
    """The gateway has no payment under this id."""


class AlreadyRefunded(Refused):
    """The gateway sends no money back, because it has done so before."""


class AlreadyChargedBack(Refused):
    """The gateway sends no money back, because the cardholder's bank has taken it."""


class NotSent(GatewayError):
    """No byte of the request was sent, so nothing happened at the gateway."""


class NoAnswer(GatewayError):
    """The request was sent, at least in part, and there is no readable answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """Everything that one charge sends to the gateway. It lives for one request and is never stored.

    `shopper` maps the gateway's field names to values. `card` is None for a hosted payment: the shopper enters the card
    on the gateway's page. `order_id` is the wire order id.
    """

    money: Money
    card: Card | None
    shopper: dict[str, str] = field(repr=False)
    redirect_url: str
    webhook_url: str
    order_id: str
    terminal_id: str | None = None


class Gateway(Protocol):
    """Pay Agency. A call returns a transaction or raises one of the three kinds of GatewayError, and nothing else."""

    @property
    def live(self) -> bool:
        """Whether these are live keys: with test keys no money moves."""

    def ensure_ready(self) -> None:
        """Raises SecretUnusable or NotSent when no request can be sent; called before anything is recorded."""

    def charge(self, submission: Submission, seconds: float) -> GatewayTransaction:
        """Sends the charge at most once, within `seconds`. Raises Refused, NotSent, NoAnswer."""

    def refund(self, transaction_id: str, reason: str, seconds: float) -> GatewayTransaction:
        """Requests a refund of the whole amount at most once, within `seconds`.

        Raises Refused (AlreadyRefunded, AlreadyChargedBack), NotSent, NoAnswer.
        """

    def status(self, order_id: str, seconds: float) -> GatewayTransaction:
        """Queries the status by wire order id, or by transaction id, within `seconds`.

        Raises UnknownToGateway, Refused, NotSent, NoAnswer.
        """
