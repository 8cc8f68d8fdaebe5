"""What is left to do for a payment: its follow-up, and its last refund attempt. Data and delays, no schedule.

The schedule of later queries is `payments/follow_up/schedule.py`.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal, Self

from payments.model.history import Failure

Answered = Literal["verdict", "in_doubt"]
"""How a request was answered first. Its retries get the same answer."""

Announcer = Literal["relay"]
"""Who puts the entries on the bus that are not there yet, besides the process that wrote them and the follow-up."""

FIRST_ASK: Final = timedelta(seconds=60)
"""The first status query after a request is recorded: later than the end of any request."""

IN_DOUBT_ASK: Final = timedelta(seconds=10)
"""The first status query for an outcome in doubt: sooner, because the gateway has had the request for some time."""

LEFT_TO_RELAY: Final = timedelta(minutes=2)
"""How long entries are left to the relay, or to the process that wrote them. Then the follow-up publishes them. The
relay gets no record that is older (template.yaml, `MaximumRecordAgeInSeconds`)."""

MIN_SEND_SECONDS: Final = 1.0
"""With fewer seconds left, nothing is sent to the gateway: its answer would come too late."""


@dataclass(frozen=True, slots=True)
class FollowUp:
    """`due_at`: when the follow-up takes the payment next. `ask_at`: when the gateway is queried next. None: never.

    `asks` counts the queries of the present schedule. `not_found` counts the answers "no such payment" or "no refund".
    `arrived`: the gateway has shown that it knows the payment, so "not found" can no longer mean "never arrived".
    `missing_since`: when the daily reconciliation first found a paid payment neither in the gateway's list nor in its
    status API. `asked_since`: the first query of the present schedule that brought no verdict. `announcer`: who
    publishes the unpublished entries first; None: the process that wrote them.
    """

    due_at: datetime | None
    ask_at: datetime | None
    asks: int = 0
    not_found: int = 0
    arrived: bool = False
    missing_since: datetime | None = None
    asked_since: datetime | None = None
    announcer: Announcer | None = None

    def publishing(self, at: datetime) -> Self:
        """This follow-up with entries of that time to publish: due when they were left long enough, or for a query."""
        left = at + LEFT_TO_RELAY
        return replace(self, due_at=left if self.ask_at is None else min(left, self.ask_at))


@dataclass(frozen=True, slots=True)
class RefundAttempt:
    """The last refund request. `id` is a function of payment and key, so every retry has the same id.

    `nonce` is random and identifies the process: only the process that finds its own nonce in the table may send.
    `arrived`: the gateway accepted the refund, or says that the money was sent back. Its status API may lag, so "no
    refund" can no longer mean "never arrived". `failure`: why the attempt failed. `principal`: who requested it.
    """

    id: str
    nonce: str
    requested_at: datetime
    arrived: bool = False
    answered: Answered | None = None
    failure: Failure | None = None
    principal: str | None = None
