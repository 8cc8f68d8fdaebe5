"""A throttled table: each call is tried again for a moment, and then the table is busy."""

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from payments.ledger.payments import DynamoLedger
from payments.ledger.table import CONFLICT_TRIES
from payments.ports.ledger import TableBusy
from tests.fakes import samples
from tests.payments.ledger import tables


def refusal(code: str, *reasons: str) -> ClientError:
    """DynamoDB's error for one item or, with a reason for each write, for a transaction."""
    response: Any = {
        "Error": {"Code": code, "Message": ""},
        "CancellationReasons": [{"Code": reason} for reason in reasons],
    }
    return ClientError(response, "Write")


CANCELED = "TransactionCanceledException"
THROTTLED = {
    "ThrottlingError in a transaction": refusal(CANCELED, "ThrottlingError", "None"),
    "ProvisionedThroughputExceeded in a transaction": refusal(CANCELED, "None", "ProvisionedThroughputExceeded"),
    "TransactionInProgress in a transaction": refusal(CANCELED, "TransactionInProgress", "None"),
    "a throttled item": refusal("ProvisionedThroughputExceededException"),
    "a throttled request": refusal("ThrottlingException"),
    "the account's limit": refusal("RequestLimitExceeded"),
}


class Throttled:
    """A DynamoDB client that refuses the next calls before they are made."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.refusals: list[ClientError] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(**arguments: Any) -> Any:
            if self.refusals:
                raise self.refusals.pop(0)
            return getattr(self._client, name)(**arguments)

        return call


class ThrottledTable:
    """A ledger on moto, the refusals to come, and the waits between its tries in seconds."""

    def __init__(self, client: Any, table: str) -> None:
        self.client, self.waits = Throttled(client), list[float]()
        self.ledger = DynamoLedger(self.client, table, self.waits.append)


@pytest.fixture
def throttled() -> Iterator[ThrottledTable]:
    with mock_aws():
        client = boto3.client(
            "dynamodb", region_name="eu-west-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        with tables.made(client) as name:
            yield ThrottledTable(client, name)


@pytest.mark.parametrize("order_id", [None, samples.ORDER_ID])
@pytest.mark.parametrize("kind", THROTTLED)
def test_a_throttled_claim_is_tried_again(throttled: ThrottledTable, kind: str, order_id: str | None) -> None:
    throttled.client.refusals = [THROTTLED[kind]] * 3
    payment = samples.payment(order_id=order_id)
    assert throttled.ledger.claim(payment, None) is None
    assert throttled.ledger.get(payment.id) == payment
    assert throttled.waits == sorted(throttled.waits)
    assert len(throttled.waits) == 3


@pytest.mark.parametrize("kind", THROTTLED)
def test_a_table_that_stays_throttled_is_busy_and_nothing_is_written(throttled: ThrottledTable, kind: str) -> None:
    throttled.client.refusals = [THROTTLED[kind]] * CONFLICT_TRIES
    payment = samples.payment()
    with pytest.raises(TableBusy):
        throttled.ledger.claim(payment, None)
    assert throttled.ledger.get(payment.id) is None
    assert sum(throttled.waits) < 1.0, "the waits of one call fit into the verdict's reserve"


@pytest.mark.parametrize("kind", THROTTLED)
def test_a_throttled_read_is_tried_again(throttled: ThrottledTable, kind: str) -> None:
    payment = samples.payment()
    throttled.ledger.claim(payment, None)
    throttled.client.refusals = [THROTTLED[kind]] * 2
    assert throttled.ledger.get(payment.id) == payment
    throttled.client.refusals = [THROTTLED[kind]] * 2
    assert throttled.ledger.several([payment.id]) == {payment.id: payment}


@pytest.mark.parametrize("code", ["ConditionalCheckFailed", "ValidationError", "ItemCollectionSizeLimitExceeded"])
def test_what_no_wait_can_mend_is_not_tried_again(throttled: ThrottledTable, code: str) -> None:
    throttled.client.refusals = [refusal(CANCELED, code, "ThrottlingError")]
    with pytest.raises(Exception) as caught:  # noqa: PT011 - which one depends on the reason; a wait is the defect
        throttled.ledger.claim(samples.payment(order_id=samples.ORDER_ID), None)
    assert not isinstance(caught.value, TableBusy)
    assert throttled.waits == []
