"""A clock that stands still until it is told to move."""

from datetime import UTC, datetime, timedelta
from typing import Final

START: Final = datetime(2027, 1, 31, 9, 30, tzinfo=UTC)


class SettableClock:
    """Meets the Clock port."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **time: float) -> datetime:
        """Moves by so many seconds, minutes, hours or days; backwards when negative."""
        self.now += timedelta(**time)
        return self.now
