"""What keeps a reconciliation from going on in this call. What was done stays done.

ReconciliationError
├── OutOfTime          this call has no time left; the next one goes on
├── Overtaken          another call has taken over
├── ListUnanswered     a page of the gateway's list cannot be had now
└── ListStuck          the gateway's list cannot be walked to its end
"""

from payments.errors import PaymentsError


class ReconciliationError(PaymentsError):
    """Base of what keeps a reconciliation from going on in this call. What was done stays done."""


class OutOfTime(ReconciliationError):
    """There is no time left in this call."""


class LeaseLost(ReconciliationError):
    """Another call has taken the reconciliation meanwhile."""


class ListUnanswered(ReconciliationError):
    """A page of the gateway's list cannot be had now."""


class ListStuck(ReconciliationError):
    """The gateway's list cannot be walked to its end; `reason` is a word for programs."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the gateway's list cannot be walked to its end ({reason})")
        self.reason = reason
