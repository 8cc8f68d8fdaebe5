"""The outlook: what is without a verdict, and what is at stake. The follow-up index tells it: it costs what is open."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from payments.model.money import Money
from payments.model.status import OPEN, Status

IN_DOUBT_AFTER: Final = timedelta(seconds=30)
"""A charge may take 28 s; one that is `processing` for longer was interrupted, or its outcome is not known."""


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A payment on the follow-up index. `unpublished` counts the history entries that the bus has not taken."""

    status: Status
    money: Money
    created_at: datetime
    unpublished: int


class FollowUpIndex(Protocol):
    """Where the follow-up finds what has something left to do."""

    def unfinished(self) -> Iterable[Unfinished]:
        """What is on the index, the soonest due first in each shard; read lazily, and never more than a bound."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """`at_risk`: currency → minor units in doubt; a currency that has only other open payments is there with 0."""

    unresolved: int
    in_doubt: int
    oldest: timedelta
    at_risk: Mapping[str, int]
    unpublished: int


def backlog_of(unfinished: Iterable[Unfinished], now: datetime) -> Backlog:
    """Sums up, in one pass. What waits for a human (`needs_review`) is not on the index, and not in here."""
    unresolved = in_doubt = unpublished = 0
    oldest, at_risk = timedelta(), dict[str, int]()
    for each in unfinished:
        unpublished += each.unpublished
        if each.status not in OPEN:
            continue
        age = now - each.created_at
        doubtful = each.status is Status.PROCESSING and age > IN_DOUBT_AFTER
        unresolved, in_doubt, oldest = unresolved + 1, in_doubt + doubtful, max(oldest, age)
        currency = each.money.currency
        at_risk[currency] = at_risk.get(currency, 0) + (each.money.amount if doubtful else 0)
    return Backlog(unresolved, in_doubt, oldest, at_risk, unpublished)
