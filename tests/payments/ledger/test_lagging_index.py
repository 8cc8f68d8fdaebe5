"""An index that lags: it shows payments as they were a moment ago."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from payments.ledger.reconciliation import DynamoReconciliationLedger
from payments.reconciliation.transaction_list import Span
from tests.fakes.clock import START
from tests.payments.ledger import tables
from tests.payments.ledger.payment_steps import claimed


class Lagging:
    """A DynamoDB client that gives each query its first answer again. Moto's own indexes never lag."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._first: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def query(self, **arguments: Any) -> Any:
        """See boto3's client."""
        asked = repr(arguments)
        if asked not in self._first:
            self._first[asked] = self._client.query(**arguments)
        return self._first[asked]


@pytest.fixture
def ledger(client: Any) -> Iterator[DynamoReconciliationLedger]:
    with tables.made(client) as name:
        yield DynamoReconciliationLedger(Lagging(client), name)


def unlisted(ledger: DynamoReconciliationLedger, day: date) -> set[str]:
    span, found = Span(day, day), set[str]()
    payments, place = ledger.unlisted(span, None, live=False)
    while place is not None:
        found |= {payment.id for payment in payments}
        payments, place = ledger.unlisted(span, place, live=False)
    return found | {payment.id for payment in payments}


def test_a_payment_that_is_gone_from_the_table_or_was_crossed_off_is_not_unlisted(
    ledger: DynamoReconciliationLedger,
) -> None:
    crossed_off = claimed(ledger)
    released, left = (claimed(ledger, key=key, order_id=None) for key in ("released", "left"))
    assert unlisted(ledger, START.date()) == {crossed_off.id, released.id, left.id}
    ledger.cross_off([crossed_off.id])
    ledger.release(released)
    assert unlisted(ledger, START.date()) == {left.id}
