"""The events in `events/`, as AWS sends them, and the keys with which their token and signature are valid."""

import json
from typing import Any, Final

from tests.house.checkout import ROOT

EVENTS: Final = ROOT / "events"
NAMES: Final = sorted(path.stem for path in EVENTS.glob("*.json") if path.stem != "charge-document")

CALLER: Final = "arn:aws:sts::123456789012:assumed-role/shop-backend"
KEY: Final = "order-12524-attempt-1"
"""The id of the recorded payment is a function of KEY, in test mode."""

TOKEN_KEY: Final = b"the token key of the recorded events"
WEBHOOK_SECRET: Final = b"the webhook secret of the recorded events"


def recorded(name: str, **changes: Any) -> dict[str, Any]:
    """One event, with some of its top-level fields changed."""
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    return event | changes
