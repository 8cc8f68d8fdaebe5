"""A clock that stands still until a test moves it."""

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
        """Moves by a `timedelta` given in its keywords, backwards when negative; returns the new time."""
        self.now += timedelta(**time)
        return self.now
