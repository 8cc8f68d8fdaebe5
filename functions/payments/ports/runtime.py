"""What every use case needs from its process: a clock, and a way to report to operators."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

Clock = Callable[[], datetime]
"""Returns the current time, timezone-aware, in UTC."""


class Telemetry(Protocol):
    """What operators see: log lines and metrics."""

    def about(self, payment_id: str | None, order_id: str | None = None, transaction_id: str | None = None) -> None:
        """Sets the ids that every later log line carries, until the next call; None removes an id."""

    def note(self, signal: str, **facts: str | int) -> None:
        """Logs and counts one signal. `facts` must contain no secret and no card data."""
