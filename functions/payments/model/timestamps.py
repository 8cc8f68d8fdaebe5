"""Moments as text: ISO 8601, UTC, milliseconds, `Z`."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The clock of production; tests pass their own."""
    return datetime.now(UTC)


def iso(moment: datetime) -> str:
    """E.g. 2027-01-31T09:30:00.125Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_iso(text: str) -> datetime:
    """The moment an ISO 8601 text with a zone means. Raises ValueError for anything else."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone")
    return moment.astimezone(UTC)
