"""The status words of the gateway (its webhook and statusApi pages), and the status of ours that each one means."""

from typing import Final

from payments.model.status import Status

VERDICTS: Final[dict[str, Status]] = {
    "SUCCESS": Status.SUCCEEDED,
    "FAILED": Status.FAILED,
    "BLOCKED": Status.BLOCKED,
    "ABANDONED": Status.ABANDONED,
    "REDIRECT": Status.REQUIRES_ACTION,
    "PENDING": Status.PENDING,
    "INIT": Status.PROCESSING,
}
"""The gateway's status words. A word that is not listed here leaves the payment open."""
