"""Marks: what puts a payment on the index of those that the gateway's list has yet to show. One write takes it off."""

from datetime import date

from payments.payment import Payment


def unlisted_on(payment: Payment, shard: int) -> str | None:
    """A payment's mark from its claim on; None for one that we have from the list itself."""
    return None if payment.is_adopted else mark_of(payment.created_at.date(), shard)


def mark_of(day: date, shard: int) -> str:
    """E.g. `2026-11-01#3`: a partition of the index for each day and shard. The day is UTC's."""
    return f"{day.isoformat()}#{shard}"
