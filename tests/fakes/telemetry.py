"""Telemetry that remembers."""

from typing import Any


class RecordingTelemetry:
    """Meets the Telemetry port."""

    def __init__(self) -> None:
        self.notes: list[tuple[str, dict[str, Any]]] = []
        self.subjects: list[tuple[str | None, str | None, str | None]] = []

    def about(self, payment_id: str | None, order_id: str | None = None, transaction_id: str | None = None) -> None:
        """Remembers what the notes from here on are about."""
        self.subjects.append((payment_id, order_id, transaction_id))

    def note(self, signal: str, **facts: str | int) -> None:
        """Remembers a signal and its facts."""
        self.notes.append((signal, dict(facts)))

    def unexpected(self, error: Exception) -> None:
        """Remembers a bug as a signal of its own."""
        self.note("unexpected_error", error=type(error).__name__)

    @property
    def signals(self) -> list[str]:
        """The names of what was noted, in order."""
        return [signal for signal, _ in self.notes]

    def facts_of(self, signal: str) -> list[dict[str, Any]]:
        """The facts of every note of a signal."""
        return [facts for noted, facts in self.notes if noted == signal]
