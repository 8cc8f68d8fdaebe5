"""The gateway simulator in the flow tests: webhooks are retried fast, and no deadline depends on an idle machine."""

from typing import Final

from local.simulator.control_client import Control
from local.simulator.exact_json import Json

RETRY_WEBHOOKS_FAST: Final = ("--webhook-intervals", "0.1,0.2,0.3", "--webhook-timeout", "60")
"""Four attempts like the gateway's, but within a second. On a busy machine a slow answer still counts."""

RETRY_WEBHOOKS_LONG: Final = ("--webhook-intervals", "0.1,0.2,0.4,0.8,1.6,3.2,6.4", "--webhook-timeout", "60")
"""For a test in which no webhook may be lost, however busy the machine is."""


class PatientControl(Control):
    """Waits a minute for a fact instead of five seconds. No test waits for a fact that must not come true."""

    def wait(self, of: str | None = None, *, timeout: float = 60, **fact: Json) -> bool:
        """See `Control.wait`."""
        return super().wait(of, timeout=timeout, **fact)
