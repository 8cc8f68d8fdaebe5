"""Telemetry that remembers."""

from typing import Any


class RecordingTelemetry:
    """Meets the Telemetry port."""

    def __init__(self) -> None:
        self.notes: list[tuple[str, dict[str, Any]]] = []

    def note(self, signal: str, **facts: str | int) -> None:
        """Remembers a signal and its facts."""
        self.notes.append((signal, dict(facts)))

    @property
    def signals(self) -> list[str]:
        """The names of what was noted, in order."""
        return [signal for signal, _ in self.notes]

    def facts_of(self, signal: str) -> list[dict[str, Any]]:
        """The facts of every note of a signal."""
        return [facts for noted, facts in self.notes if noted == signal]
