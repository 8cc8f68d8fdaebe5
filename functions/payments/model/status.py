"""The statuses of a payment and THE table of legal moves. Code, conditions, docs and model tests come from it."""

from enum import StrEnum
from typing import Final

from payments.errors import PaymentsError


class IllegalTransition(PaymentsError):
    """The transition table has no such move."""


class Status(StrEnum):
    """Where a payment stands. Refund and chargeback are facts beside the status, not statuses."""

    PROCESSING = "processing"  # recorded; sent or not, no verdict yet
    REQUIRES_ACTION = "requires_action"  # the shopper is at the gateway's page
    PENDING = "pending"  # the gateway is waiting
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    BLOCKED = "blocked"  # security or compliance
    ABANDONED = "abandoned"  # the shopper never completed
    NEEDS_REVIEW = "needs_review"  # a human must look


S = Status
_VERDICTS: Final = frozenset({S.SUCCEEDED, S.FAILED, S.BLOCKED, S.ABANDONED})

TRANSITIONS: Final[dict[Status, frozenset[Status]]] = {
    S.PROCESSING: _VERDICTS | {S.REQUIRES_ACTION, S.PENDING, S.NEEDS_REVIEW},
    S.REQUIRES_ACTION: _VERDICTS | {S.PENDING, S.NEEDS_REVIEW},
    S.PENDING: _VERDICTS | {S.REQUIRES_ACTION, S.NEEDS_REVIEW},
    # A final status is sticky, but for evidence that money moved after all.
    # The gateway's own books say otherwise, twice: only the daily reconciliation makes that move.
    S.SUCCEEDED: frozenset({S.NEEDS_REVIEW}),
    S.FAILED: frozenset({S.SUCCEEDED, S.NEEDS_REVIEW}),
    S.BLOCKED: frozenset({S.SUCCEEDED, S.NEEDS_REVIEW}),
    S.ABANDONED: frozenset({S.SUCCEEDED, S.NEEDS_REVIEW}),
    S.NEEDS_REVIEW: _VERDICTS,
}

OPEN: Final = frozenset({S.PROCESSING, S.REQUIRES_ACTION, S.PENDING})
"""No verdict yet: somebody keeps asking."""

FINAL: Final = _VERDICTS
"""The gateway's last word."""

FREES_THE_ORDER: Final = frozenset({S.FAILED, S.BLOCKED, S.ABANDONED})
"""No money moved: the order may be tried again."""
