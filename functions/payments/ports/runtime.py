"""What every use case needs of the process it runs in: a clock, and a way to tell operators."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

Clock = Callable[[], datetime]
"""Now, timezone-aware, in UTC."""


class Telemetry(Protocol):
    """What operators see: a line in the log and a count in the metrics."""

    def about(self, payment_id: str | None, order_id: str | None = None, transaction_id: str | None = None) -> None:
        """Every line from here on is about this payment, until told otherwise; None: about none."""

    def note(self, signal: str, **facts: str | int) -> None:
        """Something worth counting happened; `facts` hold no secret and no card data."""
