"""History: what happened to a payment, entry by entry. Timeline, audit trail and outbox are this one list."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from payments.model.status import Status

IN_REVIEW: Final = frozenset(
    {
        "orphan",
        "amount_drift",
        "currency_drift",
        "status_drift",
        "refund_drift",
        "chargeback_drift",
        "suspicious",
        "unknown_to_gateway",
        "other_transaction",
    }
)
"""Discrepancies that put a payment into review: failure codes that a human decides on, not the gateway's next message."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """A field that the gateway did not like, by the gateway's name for it, which is also ours."""

    field: str
    code: str
    message: str


MAX_HISTORY: Final = 50
"""Entries. A payment has three or four; one that flips for ever must not outgrow its item (400 KB)."""

SUSPICIOUS: Final = "suspicious"
"""The failure of a payment that the gateway's books call suspicious: it was paid, and a human should look."""

Source = Literal["request", "answer", "webhook", "status", "reconciliation", "operator"]
Evidence = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a payment did not succeed. `code` is ours; `message` the gateway's words or ours; no card data."""

    code: str
    message: str
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class Refund:
    """The way back, a fact beside the status. `requested`: asked for, and not known yet whether it was done."""

    status: Literal["none", "requested", "refunded", "failed"] = "none"
    refunded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Chargeback:
    """The cardholder's bank took the money back, a fact beside the status."""

    status: Literal["none", "charged_back"] = "none"
    charged_back_at: datetime | None = None


NOT_REFUNDED: Final = Refund()
NOT_CHARGED_BACK: Final = Chargeback()


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened, what it rests on, and the facts as they stood right after: enough to tell it again."""

    sequence: int
    name: str
    previous_status: Status | None
    status: Status
    at: datetime
    source: Source
    evidence: Evidence
    transaction_id: str | None = None
    refund: Refund = NOT_REFUNDED
    chargeback: Chargeback = NOT_CHARGED_BACK
    failure: Failure | None = None

    @property
    def is_transition(self) -> bool:
        """Whether it is a move to a status, and no fact beside one."""
        return self.name == self.status.value
