"""Telemetry that remembers its calls."""

from typing import Any


class RecordingTelemetry:
    """Meets the Telemetry port."""

    def __init__(self) -> None:
        self.notes: list[tuple[str, dict[str, Any]]] = []
        self.subjects: list[tuple[str | None, str | None, str | None]] = []

    def about(self, payment_id: str | None, order_id: str | None = None, transaction_id: str | None = None) -> None:
        """See `Telemetry.about`."""
        self.subjects.append((payment_id, order_id, transaction_id))

    def note(self, signal: str, **facts: str | int) -> None:
        """See `Telemetry.note`."""
        self.notes.append((signal, dict(facts)))

    def unexpected(self, error: Exception) -> None:
        """Records an unexpected exception as a signal of its own."""
        self.note("unexpected_error", error=type(error).__name__)

    @property
    def signals(self) -> list[str]:
        """The names of the signals, in order."""
        return [signal for signal, _ in self.notes]

    def facts_of(self, signal: str) -> list[dict[str, Any]]:
        """The facts of each occurrence of a signal, in order."""
        return [facts for noted, facts in self.notes if noted == signal]
