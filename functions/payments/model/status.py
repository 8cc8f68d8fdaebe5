"""The statuses of a payment and THE table of legal transitions. Code, conditions, docs and model tests use this one.

PaymentsError
└── IllegalTransition    the table has no such transition
"""

from enum import StrEnum
from typing import Final

from payments.errors import PaymentsError


class IllegalTransition(PaymentsError):
    """The transition table has no such transition."""


class Status(StrEnum):
    """The status of a payment. Refund and chargeback are facts beside the status, not statuses."""

    PROCESSING = "processing"  # recorded, sent or not; no verdict yet
    REQUIRES_ACTION = "requires_action"  # the shopper must finish on the gateway's page
    PENDING = "pending"  # the gateway waits for its own result
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    BLOCKED = "blocked"  # by the gateway, for security or compliance
    ABANDONED = "abandoned"  # the shopper never finished
    NEEDS_REVIEW = "needs_review"  # a person must decide


S = Status
_VERDICTS: Final = frozenset({S.SUCCEEDED, S.FAILED, S.BLOCKED, S.ABANDONED})

TRANSITIONS: Final[dict[Status, frozenset[Status]]] = {
    S.PROCESSING: _VERDICTS | {S.REQUIRES_ACTION, S.PENDING, S.NEEDS_REVIEW},
    S.REQUIRES_ACTION: _VERDICTS | {S.PENDING, S.NEEDS_REVIEW},
    S.PENDING: _VERDICTS | {S.REQUIRES_ACTION, S.NEEDS_REVIEW},
    # A final status is sticky, except for evidence that money moved after all.
    # Only the daily reconciliation takes a paid payment into review, after list and status API both contradict us.
    S.SUCCEEDED: frozenset({S.NEEDS_REVIEW}),
    S.FAILED: frozenset({S.SUCCEEDED, S.NEEDS_REVIEW}),
    S.BLOCKED: frozenset({S.SUCCEEDED, S.NEEDS_REVIEW}),
    S.ABANDONED: frozenset({S.SUCCEEDED, S.NEEDS_REVIEW}),
    S.NEEDS_REVIEW: _VERDICTS,
}

OPEN: Final = frozenset({S.PROCESSING, S.REQUIRES_ACTION, S.PENDING})
"""No verdict yet: the follow-up keeps querying the gateway."""

FINAL: Final = _VERDICTS
"""The gateway's verdicts."""

FREES_THE_ORDER: Final = frozenset({S.FAILED, S.BLOCKED, S.ABANDONED})
"""No money moved: another payment for the same order is allowed."""
