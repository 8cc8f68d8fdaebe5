"""What keeps a reconciliation from going on in this call. What was done stays done.

SweepError
├── OutOfTime          this call has no time left; the next one goes on
├── Overtaken          another call has taken over
├── ListUnanswered     a page of the gateway's list cannot be had now
└── ListStuck          the gateway's list cannot be walked to its end
"""

from payments.errors import PaymentsError


class SweepError(PaymentsError):
    """Base of what keeps a sweep from going on in this call. What was done stays done."""


class OutOfTime(SweepError):
    """There is no time left in this call."""


class Overtaken(SweepError):
    """Another call has taken the sweep meanwhile."""


class ListUnanswered(SweepError):
    """A page of the gateway's list cannot be had now."""


class ListStuck(SweepError):
    """The gateway's list cannot be walked to its end; `reason` is a word for programs."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the gateway's list cannot be walked to its end ({reason})")
        self.reason = reason
