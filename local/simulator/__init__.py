"""The gateway simulator: a stateful stand-in for Pay Agency. It decrypts, stores, signs, and fails on request.

It shares no code with `functions/`: a mistake in shared code would go unnoticed.
"""

from local.simulator.credentials import Credentials
from local.simulator.in_process import Simulator, running
from local.simulator.webhook_retries import WebhookTiming

__all__ = ["Credentials", "Simulator", "WebhookTiming", "running"]
