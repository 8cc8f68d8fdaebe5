"""Times as text: ISO 8601, UTC, milliseconds, `Z`. Nothing here but `utc_now` reads a clock."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The current time: the clock in production. Tests pass their own clock."""
    return datetime.now(UTC)


def iso(moment: datetime) -> str:
    """E.g. 2027-01-31T09:30:00.125Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_iso(text: str) -> datetime:
    """The time in an ISO 8601 text with a time zone, in UTC. Raises ValueError for any other text."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone")
    return moment.astimezone(UTC)
