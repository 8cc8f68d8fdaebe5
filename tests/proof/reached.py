"""Counts of what the state machines have really reached: a rule that is never reached proves nothing."""

from collections import Counter
from typing import Final

REACHED: Final[Counter[str]] = Counter()


def reached(event: str) -> None:
    """Counts one more of an event."""
    REACHED[event] += 1
