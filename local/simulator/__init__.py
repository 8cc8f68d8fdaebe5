"""The gateway simulator: a stateful stand-in for Pay Agency that decrypts, remembers, signs and misbehaves on demand.

It shares no code with `functions/`: a mistake made in both would prove nothing.
"""

from local.simulator.credentials import Credentials
from local.simulator.in_process import Simulator, running
from local.simulator.webhook_timing import WebhookTiming

__all__ = ["Credentials", "Simulator", "WebhookTiming", "running"]
