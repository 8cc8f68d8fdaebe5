"""History: what happened to a payment, entry by entry. It is the timeline, the audit trail and the outbox at once.

Here are the entry and the facts it records: failure, refund, chargeback. The rules that add entries are in `payment.py`
and `refund.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from payments.model.status import Status

MAX_HISTORY: Final = 50
"""Entries. A payment has three or four. The limit keeps one that never stops changing below DynamoDB's 400 KB."""

Source = Literal["request", "answer", "webhook", "status", "reconciliation", "operator"]
"""Where an entry comes from: the request, an answer to it, a webhook, a status query, reconciliation, an operator."""

Evidence = Mapping[str, str | int]
"""The facts that an entry is based on. No card data, and nothing about the shopper."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """A field that the gateway refused. `field` is its name in the gateway's API, and in ours."""

    field: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a payment failed or is in review. `code` is ours; `message` is the gateway's or ours, without card data."""

    code: str
    message: str
    errors: tuple[FieldError, ...] = ()


SUSPICIOUS: Final = "suspicious"
"""The failure code of a paid payment that the gateway's list marks as suspicious."""

UNRESOLVED: Final = "unresolved"
"""The failure code of a payment in review because the gateway gave no verdict."""

REVIEW_CODES: Final = frozenset(
    {
        "orphan",
        "amount_drift",
        "currency_drift",
        "status_drift",
        "refund_drift",
        "chargeback_drift",
        SUSPICIOUS,
        "unknown_to_gateway",
        "other_transaction",
    }
)
"""Failure codes of a payment that reconciliation has put into review. Only a person ends such a review."""


@dataclass(frozen=True, slots=True)
class Refund:
    """The refund, a fact beside the status. `requested`: recorded as requested, and its outcome is not known yet."""

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
    """One thing that happened, its evidence, and the facts right after it: enough to publish it again unchanged.

    `principal`: the AWS principal that made the request in which it was recorded; None if the system recorded it. It is
    for auditors, so it is in no event.
    """

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
    principal: str | None = None

    @property
    def is_transition(self) -> bool:
        """Whether the entry is a transition of the status, and no fact beside it."""
        return self.name == self.status.value
