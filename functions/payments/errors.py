"""What can go wrong in the house. Each room has one base; attributes are for programs, the sentence is for people.

PaymentsError
├── IllegalMove                    a status that may not follow another
├── ChargeRefused                  the charge was refused before anything was sent
│   ├── IdempotencyKeyReused       the key belongs to another request
│   ├── OrderTaken                 the order is paid, or a payment for it is in flight
│   └── GatewayUnreachable         nothing was sent; the same key may try again
├── NotRefundable                  there is nothing to send back, or somebody is at it
├── GatewayError                   three ways for a call to fail, never two
│   ├── Refused                    read and turned down: nothing happened there
│   │   ├── CredentialsRefused     our key was turned down
│   │   ├── UnknownToGateway       there is no such payment there
│   │   ├── AlreadyRefunded        the money is on its way back, whoever sent it
│   │   └── AlreadyChargedBack     the cardholder's bank has taken the money back
│   ├── NotSent                    no byte of the request left: may be tried again
│   └── NoAnswer                   it left, and what became of it is unknown: ask, never send again
├── SecretUnusable                 a secret is missing, empty, malformed or of the other mode
├── SweepError
│   ├── OutOfTime                  this call has no time left; the next one goes on
│   ├── Overtaken                  another call has the sweep by now
│   ├── ListUnanswered             a page of the gateway's list cannot be had now
│   └── ListStuck                  the gateway's list leads nowhere
└── LedgerError
    ├── LostRace                   somebody wrote first; what stands there now comes along
    ├── Released                   the claim was taken back meanwhile: there is no such payment any more
    ├── OrderMoved                 somebody took the order's lock meanwhile: read it again
    └── TableBusy                  the table leaves readings undone: somebody else's retry
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from payments.payment import Payment


class PaymentsError(Exception):
    """Base of everything the house raises."""


class IllegalMove(PaymentsError):
    """The transition table has no such move."""


class ChargeRefused(PaymentsError):
    """Base of what turns a charge down before anything is sent."""


class IdempotencyKeyReused(ChargeRefused):
    """The key was used for another request."""


class OrderTaken(ChargeRefused):
    """The order has a payment that succeeded or may still succeed."""

    def __init__(self, payment: "Payment") -> None:
        super().__init__(f"the order has payment {payment.id}, which is {payment.status}")
        self.payment = payment


class GatewayUnreachable(ChargeRefused):
    """Nothing was sent, and nothing remains: the same key may try again."""


class NotRefundable(PaymentsError):
    """The payment cannot be refunded as it stands; `code` says why."""

    def __init__(self, code: str, payment: "Payment") -> None:
        super().__init__(f"{payment.id} cannot be refunded: {code}")
        self.code = code
        self.payment = payment


class GatewayError(PaymentsError):
    """Base of a call to the gateway that brought no report."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """A field that the gateway did not like, by the gateway's name for it, which is also ours."""

    field: str
    code: str
    message: str


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


class SecretUnusable(PaymentsError):
    """A secret cannot be used as it is; the sentence says why and never shows it."""


class SweepError(PaymentsError):
    """Base of what keeps a sweep from going on in this call. What was done stays done."""


class OutOfTime(SweepError):
    """There is no time left in this call."""


class Overtaken(SweepError):
    """Another call has taken the sweep meanwhile."""


class ListUnanswered(SweepError):
    """A page of the gateway's list cannot be had now."""


class ListStuck(SweepError):
    """The gateway's list cannot be walked to its end; `reason` is a word for programs."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the gateway's list cannot be walked to its end ({reason})")
        self.reason = reason


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
