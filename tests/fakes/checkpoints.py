"""Checkpoints in memory. The contract suite checks that they behave as those in the table."""

import threading
from dataclasses import dataclass
from datetime import datetime

from payments.reconciliation.checkpoint import Checkpoint


@dataclass
class Held:
    """A checkpoint, and the call that holds the lease on it until `until`."""

    checkpoint: Checkpoint
    holder: str | None
    until: datetime | None


MOST_SAVES = 5_000
"""More than any test needs. A reconciliation that never ends fails its test, instead of holding it up for ever."""


class InMemoryCheckpoints:
    """Meets the CheckpointStore port. Every call is one atomic step."""

    def __init__(self) -> None:
        self.kept: dict[str, Held] = {}
        self.last: datetime | None = None
        self.saves = 0
        self._lock = threading.RLock()

    def take(self, fresh: Checkpoint, holder: str, now: datetime, until: datetime) -> Checkpoint | None:
        """See `CheckpointStore.take`."""
        with self._lock:
            held = self.kept.setdefault(fresh.name, Held(fresh, None, None))
            if held.until is not None and held.until > now:
                return None
            held.holder, held.until = holder, until
            return held.checkpoint

    def save(self, checkpoint: Checkpoint, holder: str, until: datetime) -> bool:
        """See `CheckpointStore.save`."""
        with self._lock:
            self.saves += 1
            assert self.saves <= MOST_SAVES, "the reconciliation never ends"
            held = self.kept.get(checkpoint.name)
            if held is None or held.holder != holder:
                return False
            held.checkpoint, held.until = checkpoint, until
            return True

    def reported_until(self) -> datetime | None:
        """See `CheckpointStore.reported_until`."""
        with self._lock:
            return self.last

    def note_reported(self, until: datetime) -> None:
        """See `CheckpointStore.note_reported`."""
        with self._lock:
            self.last = max(self.last or until, until)

    def give_back(self, checkpoint: Checkpoint, holder: str) -> None:
        """See `CheckpointStore.give_back`."""
        with self._lock:
            held = self.kept.get(checkpoint.name)
            if held is not None and held.holder == holder:
                held.holder = held.until = None
