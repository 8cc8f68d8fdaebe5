"""Plans: what is left to do for a payment, and the refund that somebody asked for."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from payments.model.history import Failure

Answered = Literal["verdict", "in_doubt"]
"""How a request was first answered: a repeat of it is answered alike."""

FIRST_ASK: Final = timedelta(seconds=60)
"""When the gateway is first asked about what was sent there: later than any request is still being sent."""


IN_DOUBT_ASK: Final = timedelta(seconds=10)
"""How soon an outcome in doubt is asked about: the gateway has had the request for as long as the caller waited."""

MIN_SEND_SECONDS: Final = 1.0
"""With less time left the gateway is not even tried: nobody would be there for its answer."""


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What is left to do: `due_at` when the follow-up looks next, `ask_at` when the gateway is asked next.

    `not_found` counts the gateway's words that there is no such payment, or no such refund. `arrived`: the gateway has
    shown that it knows the payment, so "not found" can no longer mean "never arrived". `missing_since`: when the daily
    reconciliation first found neither the gateway's list nor its status API to know a paid one.
    """

    due_at: datetime | None
    ask_at: datetime | None
    asks: int = 0
    not_found: int = 0
    arrived: bool = False
    missing_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class RefundAttempt:
    """The last request for a refund. `id` is a function of caller and key, so that a repeat is known as one.

    `nonce` is of this very attempt: who finds it in the table has the right to send, and nobody else has. `arrived`:
    the gateway took it, or says that the money has gone back; it may be slow, so "no refund" can no longer mean "never
    arrived". `failure` says why it came to nothing.
    """

    id: str
    nonce: str
    requested_at: datetime
    arrived: bool = False
    answered: Answered | None = None
    failure: Failure | None = None
