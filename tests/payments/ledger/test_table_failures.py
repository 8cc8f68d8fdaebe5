"""What DynamoDB may answer besides yes and no: a conflict, an answer that is lost on the way, a refusal."""

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from payments.ledger.payments import DynamoLedger
from payments.ledger.reconciliation import DynamoReconciliationLedger
from payments.ledger.table import CONFLICT_TRIES
from payments.model.payment import Payment
from payments.model.status import Status
from payments.ports.ledger import TableBusy
from tests.fakes import samples
from tests.payments.ledger import tables
from tests.payments.ledger.payment_steps import moved


def refusal(code: str, *reasons: str) -> ClientError:
    """DynamoDB's error, for one item or, with a reason for each write, for a transaction."""
    told: Any = {
        "Error": {"Code": code, "Message": ""},
        "CancellationReasons": [{"Code": reason} for reason in reasons],
    }
    return ClientError(told, "Write")


CONFLICTS = {
    "of a transaction": refusal("TransactionCanceledException", "TransactionConflict", "None"),
    "of one item": refusal("TransactionConflictException"),
    "of a repeat": refusal("TransactionInProgressException"),
}


class Troubled:
    """A client whose next calls go wrong, before they are made or after."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.before: list[ClientError] = []
        self.repeats = False
        self.writes = 0

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(**arguments: Any) -> Any:
            self.writes += name in {"put_item", "update_item", "transact_write_items"}
            if self.before:
                raise self.before.pop(0)
            if self.repeats:
                getattr(self._client, name)(**arguments)  # its answer is lost, and botocore sends it again
            return getattr(self._client, name)(**arguments)

        return call


class Place:
    """A ledger on moto, and the trouble it is in."""

    def __init__(self, client: Any, table: str) -> None:
        self.trouble, self.table, self.waits = Troubled(client), table, list[float]()
        self.ledger = DynamoLedger(self.trouble, table, self.waits.append)


@pytest.fixture
def place() -> Iterator[Place]:
    with mock_aws():
        client = boto3.client(
            "dynamodb", region_name="eu-west-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        with tables.made(client) as name:
            yield Place(client, name)


@pytest.mark.parametrize("kind", CONFLICTS)
def test_a_conflict_is_waited_out(place: Place, kind: str) -> None:
    place.trouble.before = [CONFLICTS[kind]] * 3
    payment = samples.payment()
    assert place.ledger.claim(payment, None) is None
    assert place.ledger.get(payment.id) == payment
    assert place.waits == sorted(place.waits)
    assert len(place.waits) == 3


class Leaving:
    """A client whose table leaves all but a few keys of each batch undone, so many times."""

    def __init__(self, client: Any, times: int) -> None:
        self._client, self.times, self.batches = client, times, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def batch_get_item(self, *, RequestItems: dict[str, Any]) -> Any:  # noqa: N803 - as boto3 calls it
        self.batches += 1
        ((table, told),) = RequestItems.items()
        done = len(told["Keys"]) if self.times <= 0 else 10
        self.times -= 1
        first, rest = told["Keys"][:done], told["Keys"][done:]
        answer = self._client.batch_get_item(RequestItems={table: {**told, "Keys": first}})
        return {**answer, "UnprocessedKeys": {table: {**told, "Keys": rest}} if rest else {}}


@pytest.mark.parametrize("times", [0, 1, 3])
def test_what_a_batch_leaves_undone_is_read_again(place: Place, times: int) -> None:
    many = [samples.payment(key=f"key-{n}", order_id=None) for n in range(60)]
    for payment in many:
        place.ledger.claim(payment, None)
    client, waits = Leaving(place.trouble, times), list[float]()
    found = DynamoReconciliationLedger(client, place.table, waits.append).standing(payment.id for payment in many)
    assert set(found) == {payment.id for payment in many}
    assert (client.batches, len(waits)) == (times + 1, times)
    assert waits == sorted(waits)


def test_a_table_that_leaves_all_undone_is_too_busy(place: Place) -> None:
    waits = list[float]()
    ledger = DynamoReconciliationLedger(Leaving(place.trouble, 99), place.table, waits.append)
    with pytest.raises(TableBusy):
        ledger.standing(f"pay_{n:026}" for n in range(100_000))
    assert 5 < sum(waits) < 15


def test_a_conflict_without_end_is_raised_after_a_moment(place: Place) -> None:
    place.trouble.before = [CONFLICTS["of a transaction"]] * 99
    with pytest.raises(ClientError):
        place.ledger.claim(samples.payment(), None)
    assert place.trouble.writes == CONFLICT_TRIES
    assert sum(place.waits) < 2


@pytest.mark.parametrize(
    "write",
    [
        lambda ledger, payment: ledger.save(payment, payment.asked_again(payment.created_at)),
        lambda ledger, payment: ledger.release(payment),
        lambda ledger, payment: ledger.advance(payment, 1),
    ],
    ids=["save", "release", "advance"],
)
def test_every_write_waits_conflicts_out(place: Place, write: Callable[[DynamoLedger, Payment], object]) -> None:
    payment = samples.payment()
    place.ledger.claim(payment, None)
    place.trouble.before = [CONFLICTS["of one item"]] * 2
    write(place.ledger, payment)
    assert place.ledger.get(payment.id) != payment


def test_a_condition_that_failed_beside_a_conflict_is_no_conflict(place: Place) -> None:
    """The one that failed will fail again: it is read anew instead."""
    standing = samples.payment(key="other")
    place.ledger.claim(standing, None)
    mixed = refusal("TransactionCanceledException", "TransactionConflict", "ConditionalCheckFailed")
    place.trouble.before = [mixed]
    with pytest.raises(Exception, match="moved on"):
        place.ledger.claim(samples.payment(), None)
    assert place.waits == []


def test_a_claim_that_was_written_though_its_answer_was_lost_is_this_request_s_own(place: Place) -> None:
    place.trouble.repeats = True
    payment = samples.payment(order_id=None)
    assert place.ledger.claim(payment, None) is None
    place.trouble.repeats = False
    assert place.ledger.claim(payment, None) == payment


def test_a_throttled_write_is_raised_as_it_is(place: Place) -> None:
    payment = samples.payment()
    place.ledger.claim(payment, None)
    for write in (
        lambda: place.ledger.claim(samples.payment(key="other", order_id="other"), None),
        lambda: place.ledger.release(payment),
        lambda: moved(place.ledger, payment, Status.FAILED),
        lambda: place.ledger.advance(payment, 1),
        lambda: place.ledger.note_refresh(payment.id, payment.created_at, payment.created_at),
    ):
        place.trouble.before = [refusal("ProvisionedThroughputExceededException")]
        with pytest.raises(ClientError, match="Throughput"):
            write()
    assert place.ledger.get(payment.id) == payment
