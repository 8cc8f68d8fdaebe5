"""How patient the postman is. The gateway publishes neither its retry retry_intervals nor its time-out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WebhookTiming:
    """The first delivery is immediate; each interval is the wait before one retry (the gateway makes up to 3)."""

    retry_intervals: tuple[float, ...] = (1.0, 4.0, 10.0)
    timeout: float = 10.0

    @classmethod
    def fast(cls) -> WebhookTiming:
        return cls(retry_intervals=(0.02, 0.04, 0.06), timeout=5.0)
