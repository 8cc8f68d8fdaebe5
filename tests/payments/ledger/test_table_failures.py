"""Other answers of DynamoDB than success and a failed condition: conflicts, lost answers, throttling."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from payments.ledger.payments import DynamoLedger
from payments.ledger.reconciliation import DynamoReconciliationLedger
from payments.ledger.table import CONFLICT_TRIES
from payments.model.payment import Payment
from payments.model.status import Status
from payments.ports.ledger import TableBusy
from tests.fakes import samples
from tests.payments.ledger.failing_table import FailingTable, refusal
from tests.payments.ledger.payment_steps import transitioned

CONFLICTS = {
    "of a transaction": refusal("TransactionCanceledException", "TransactionConflict", "None"),
    "of one item": refusal("TransactionConflictException"),
    "of a repeat": refusal("TransactionInProgressException"),
}


@pytest.mark.parametrize("kind", CONFLICTS)
def test_a_conflict_is_retried(failing: FailingTable, kind: str) -> None:
    failing.client.before = [CONFLICTS[kind]] * 3
    payment = samples.payment()
    assert failing.ledger.claim(payment, None) is None
    assert failing.ledger.get(payment.id) == payment
    assert failing.waits == sorted(failing.waits)
    assert len(failing.waits) == 3


class PartialBatchClient:
    """A client that leaves all but ten keys of a batch unprocessed, in the first `times` calls."""

    def __init__(self, client: Any, times: int) -> None:
        self._client, self.times, self.batches = client, times, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def batch_get_item(self, *, RequestItems: dict[str, Any]) -> Any:  # noqa: N803 - as boto3 calls it
        self.batches += 1
        ((table, request),) = RequestItems.items()
        done = len(request["Keys"]) if self.times <= 0 else 10
        self.times -= 1
        first, rest = request["Keys"][:done], request["Keys"][done:]
        answer = self._client.batch_get_item(RequestItems={table: {**request, "Keys": first}})
        return {**answer, "UnprocessedKeys": {table: {**request, "Keys": rest}} if rest else {}}


@pytest.fixture
def many(failing: FailingTable) -> list[Payment]:
    """More payments than a batch of a partial client has keys."""
    payments = [samples.payment(key=f"key-{n}", order_id=None) for n in range(60)]
    for payment in payments:
        failing.ledger.claim(payment, None)
    return payments


@pytest.mark.parametrize("times", [0, 1, 3])
def test_the_unprocessed_keys_of_a_batch_are_read_again(failing: FailingTable, many: list[Payment], times: int) -> None:
    client, waits = PartialBatchClient(failing.client, times), list[float]()
    found = DynamoReconciliationLedger(client, failing.table, waits.append).standing(payment.id for payment in many)
    assert set(found) == {payment.id for payment in many}
    assert (client.batches, len(waits)) == (times + 1, times)
    assert waits == sorted(waits)


@pytest.mark.parametrize("times", [0, 1, 5])
def test_a_request_reads_the_unprocessed_keys_of_a_batch_again(
    failing: FailingTable, many: list[Payment], times: int
) -> None:
    client, waits = PartialBatchClient(failing.client, times), list[float]()
    found = DynamoLedger(client, failing.table, waits.append).several(payment.id for payment in many)
    assert set(found) == {payment.id for payment in many}
    assert (client.batches, len(waits)) == (times + 1, times)


def test_a_request_does_not_wait_long_for_unprocessed_keys(failing: FailingTable) -> None:
    """The function has 27 s, and its answer must not come too late."""
    waits = list[float]()
    ledger = DynamoLedger(PartialBatchClient(failing.client, 99), failing.table, waits.append)
    with pytest.raises(TableBusy):
        ledger.several(f"pay_{n:026}" for n in range(100))
    assert sum(waits) < 1.0


def test_a_table_that_leaves_every_key_unprocessed_raises_table_busy(failing: FailingTable) -> None:
    waits = list[float]()
    ledger = DynamoReconciliationLedger(PartialBatchClient(failing.client, 99), failing.table, waits.append)
    with pytest.raises(TableBusy):
        ledger.standing(f"pay_{n:026}" for n in range(100_000))
    assert 5 < sum(waits) < 15


def test_a_conflict_that_lasts_is_raised_after_a_few_retries(failing: FailingTable) -> None:
    failing.client.before = [CONFLICTS["of a transaction"]] * 99
    with pytest.raises(TableBusy):
        failing.ledger.claim(samples.payment(), None)
    assert failing.client.writes == CONFLICT_TRIES
    assert sum(failing.waits) < 2


@pytest.mark.parametrize(
    "write",
    [
        lambda ledger, payment: ledger.save(payment, payment.asked_again(payment.created_at)),
        lambda ledger, payment: ledger.release(payment),
        lambda ledger, payment: ledger.advance(payment, 1),
    ],
    ids=["save", "release", "advance"],
)
def test_every_write_retries_conflicts(failing: FailingTable, write: Callable[[DynamoLedger, Payment], object]) -> None:
    payment = samples.payment()
    failing.ledger.claim(payment, None)
    failing.client.before = [CONFLICTS["of one item"]] * 2
    write(failing.ledger, payment)
    assert failing.ledger.get(payment.id) != payment


def test_a_failed_condition_beside_a_conflict_is_not_retried(failing: FailingTable) -> None:
    """A failed condition would fail again: the caller reads again instead."""
    other = samples.payment(key="other")
    failing.ledger.claim(other, None)
    mixed = refusal("TransactionCanceledException", "TransactionConflict", "ConditionalCheckFailed")
    failing.client.before = [mixed]
    with pytest.raises(Exception, match="moved on"):
        failing.ledger.claim(samples.payment(), None)
    assert failing.waits == []


def test_a_claim_with_a_lost_answer_is_recognised_as_its_own(failing: FailingTable) -> None:
    failing.client.repeats = True
    payment = samples.payment(order_id=None)
    assert failing.ledger.claim(payment, None) is None
    failing.client.repeats = False
    assert failing.ledger.claim(payment, None) == payment


def test_a_failed_write_raises_the_client_error(failing: FailingTable) -> None:
    payment = samples.payment()
    failing.ledger.claim(payment, None)
    for write in (
        lambda: failing.ledger.claim(samples.payment(key="other", order_id="other"), None),
        lambda: failing.ledger.release(payment),
        lambda: transitioned(failing.ledger, payment, Status.FAILED),
        lambda: failing.ledger.advance(payment, 1),
        lambda: failing.ledger.note_refresh(payment.id, payment.created_at, payment.created_at),
    ):
        failing.client.before = [refusal("ResourceNotFoundException")]
        with pytest.raises(ClientError, match="ResourceNotFound"):
            write()
    assert failing.ledger.get(payment.id) == payment
