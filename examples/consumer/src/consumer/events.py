"""Parsing of an event. Only the members that this consumer uses are checked, so new members break nothing."""

import json
from typing import Any, Final

SUPPORTED: Final = "1."
"""The prefix of the schema versions that this consumer supports."""


class UnsupportedEvent(Exception):
    """A retry does not help: the event goes to the dead-letter queue, for a human."""


def event_in(body: str) -> dict[str, Any]:
    """The event of a message. Raises UnsupportedEvent, with the kind of error and no content of the message."""
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
