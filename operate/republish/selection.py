"""The events to publish again: those of one payment, or those of one day."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final

from payments.events.event import Event, published
from payments.ledger.expressions import plain, typed
from payments.ledger.payment_items import payment_of
from payments.ledger.payments import DynamoLedger
from payments.model.identifiers import ID_PREFIX

_PAYMENTS_UNTIL: Final = "begins_with(pk, :prefix) AND created_at < :end"


def of_payment(client: Any, table: str, payment_id: str) -> Iterator[tuple[Event, ...]]:
    """The published events of one payment, with one read; nothing if there is no such payment."""
    payment = DynamoLedger(client, table).get(payment_id)
    if payment is not None:
        yield published(payment)


def of_day(client: Any, table: str, day: date) -> Iterator[tuple[Event, ...]]:
    """The published events of a day in UTC, payment by payment. Without an index by day it scans the table.

    The filter saves the transfer of orders and later payments; it makes the scan no cheaper.
    """
    pages = client.get_paginator("scan").paginate(
        TableName=table,
        FilterExpression=_PAYMENTS_UNTIL,
        ExpressionAttributeValues=typed({":prefix": ID_PREFIX, ":end": (day + timedelta(days=1)).isoformat()}),
    )
    for item in (item for page in pages for item in page["Items"]):
        events = published(payment_of(plain(item)))
        if that_day := tuple(event for event in events if event.occurred_at.date() == day):
            yield that_day
