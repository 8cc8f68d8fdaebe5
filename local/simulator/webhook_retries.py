"""Retry intervals and time-out of webhook deliveries. The gateway publishes neither, so these are guesses."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WebhookTiming:
    """All values in seconds. The first delivery is immediate; each interval is the wait before one retry (up to 3)."""

    retry_intervals: tuple[float, ...] = (1.0, 4.0, 10.0)
    timeout: float = 10.0

    @classmethod
    def fast(cls) -> WebhookTiming:
        return cls(retry_intervals=(0.02, 0.04, 0.06), timeout=5.0)
