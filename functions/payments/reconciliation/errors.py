"""Why a reconciliation cannot go on in this call. Everything that it has written stays.

ReconciliationError
├── OutOfTime          no time is left in this call; the next call goes on
├── LeaseLost          another call has taken the reconciliation
├── ListUnanswered     a page of the gateway's list cannot be had now
└── ListStuck          the gateway's list cannot be read to its end
"""

from payments.errors import PaymentsError


class ReconciliationError(PaymentsError):
    """Base of the reasons why a reconciliation cannot go on in this call. Everything that it has written stays."""


class OutOfTime(ReconciliationError):
    """No time is left in this call."""


class LeaseLost(ReconciliationError):
    """Another call has taken the reconciliation."""


class ListUnanswered(ReconciliationError):
    """A page of the gateway's list cannot be had now."""


class ListStuck(ReconciliationError):
    """The gateway's list cannot be read to its end; `reason` is a code for programs."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the gateway's list cannot be read to its end ({reason})")
        self.reason = reason
