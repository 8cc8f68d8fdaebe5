"""Reading an event: only what this consumer relies on is looked at, so new members break nothing."""

import json
from typing import Any, Final

SUPPORTED: Final = "1."
"""The schema versions this consumer was written for."""


class UnsupportedEvent(Exception):
    """Trying again will not help: the event belongs in the dead-letter queue, before a human."""


def event_in(body: str) -> dict[str, Any]:
    """The event of a message. Raises UnsupportedEvent, naming what is wrong and quoting nothing."""
    try:
        event: dict[str, Any] = json.loads(body)
        metadata, data = event["detail"]["metadata"], event["detail"]["data"]
        version, _ = metadata["schema_version"], metadata["event_id"]
        _ = event["detail-type"], int(metadata["sequence"]), data["payment_id"], data["amount"], data["currency"]
    except (ValueError, KeyError, TypeError) as error:
        raise UnsupportedEvent(f"no event of a payment: {type(error).__name__}") from error
    if not str(version).startswith(SUPPORTED):
        raise UnsupportedEvent("an event of a schema version that this consumer was not written for")
    return event
