"""The backlog: payments without a verdict and the money in doubt.

The numbers come from the follow-up index, so the cost grows with the open payments and not with the table.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from payments.model.money import Money
from payments.model.status import OPEN, Status

IN_DOUBT_AFTER: Final = timedelta(seconds=30)
"""A charge may take 27 s. One that is `processing` for longer was interrupted, or its outcome is unknown."""


@dataclass(frozen=True, slots=True)
class UnfinishedPayment:
    """A payment on the follow-up index. `unpublished`: history entries that are not on the bus yet."""

    status: Status
    money: Money
    created_at: datetime
    unpublished: int


class FollowUpIndex(Protocol):
    """The index of all payments that the follow-up still has to finish."""

    def unfinished(self) -> Iterable[UnfinishedPayment]:
        """Payments on the index, the soonest due first in each shard. Reads lazily and stops at a fixed number."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """Counts of payments; `unpublished` counts history entries.

    `unresolved`: payments without a verdict. `in_doubt`: those of them with an unknown outcome. `oldest`: the age of
    the oldest unresolved payment. `at_risk`: currency → minor units in doubt; 0 for a currency with unresolved payments
    and none in doubt.
    """

    unresolved: int
    in_doubt: int
    oldest: timedelta
    at_risk: Mapping[str, int]
    unpublished: int


def backlog_of(payments: Iterable[UnfinishedPayment], now: datetime) -> Backlog:
    """Sums up in one pass. Payments in review (`needs_review`) are not on the index and not counted."""
    unresolved = in_doubt = unpublished = 0
    oldest, at_risk = timedelta(), dict[str, int]()
    for payment in payments:
        unpublished += payment.unpublished
        if payment.status not in OPEN:
            continue
        age = now - payment.created_at
        is_in_doubt = payment.status is Status.PROCESSING and age > IN_DOUBT_AFTER
        unresolved, in_doubt, oldest = unresolved + 1, in_doubt + is_in_doubt, max(oldest, age)
        currency = payment.money.currency
        at_risk[currency] = at_risk.get(currency, 0) + (payment.money.amount if is_in_doubt else 0)
    return Backlog(unresolved, in_doubt, oldest, at_risk, unpublished)
