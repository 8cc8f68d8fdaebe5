"""A throttled table: each call is tried again for a moment, and then the table is busy. And which errors may pass."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from payments.ledger import expressions
from payments.ledger.table import BATCH_TRIES, CONFLICT_TRIES, Table
from payments.ports.ledger import TableBusy
from tests.fakes import samples
from tests.payments.ledger.failing_table import FailingTable, refusal

CANCELED = "TransactionCanceledException"
THROTTLED = {
    "ThrottlingError in a transaction": refusal(CANCELED, "ThrottlingError", "None"),
    "ProvisionedThroughputExceeded in a transaction": refusal(CANCELED, "None", "ProvisionedThroughputExceeded"),
    "TransactionInProgress in a transaction": refusal(CANCELED, "TransactionInProgress", "None"),
    "a throttled item": refusal("ProvisionedThroughputExceededException"),
    "a throttled request": refusal("ThrottlingException"),
    "the account's limit": refusal("RequestLimitExceeded"),
}


@pytest.mark.parametrize("order_id", [None, samples.ORDER_ID])
@pytest.mark.parametrize("kind", THROTTLED)
def test_a_throttled_claim_is_tried_again(failing: FailingTable, kind: str, order_id: str | None) -> None:
    failing.client.before = [THROTTLED[kind]] * 3
    payment = samples.payment(order_id=order_id)
    assert failing.ledger.claim(payment, None) is None
    assert failing.ledger.get(payment.id) == payment
    assert failing.waits == sorted(failing.waits)
    assert len(failing.waits) == 3


@pytest.mark.parametrize("kind", THROTTLED)
def test_a_table_that_stays_throttled_is_busy_and_nothing_is_written(failing: FailingTable, kind: str) -> None:
    failing.client.before = [THROTTLED[kind]] * CONFLICT_TRIES
    payment = samples.payment()
    with pytest.raises(TableBusy):
        failing.ledger.claim(payment, None)
    assert failing.ledger.get(payment.id) is None
    assert sum(failing.waits) < 1.0, "the waits of one call fit into the verdict's reserve"


@pytest.mark.parametrize("kind", THROTTLED)
def test_a_throttled_read_is_tried_again(failing: FailingTable, kind: str) -> None:
    payment = samples.payment()
    failing.ledger.claim(payment, None)
    failing.client.before = [THROTTLED[kind]] * 2
    assert failing.ledger.get(payment.id) == payment
    failing.client.before = [THROTTLED[kind]] * 2
    assert failing.ledger.several([payment.id]) == {payment.id: payment}


@pytest.mark.parametrize("code", ["ConditionalCheckFailed", "ValidationError", "ItemCollectionSizeLimitExceeded"])
def test_what_no_wait_can_mend_is_not_tried_again(failing: FailingTable, code: str) -> None:
    failing.client.before = [refusal(CANCELED, code, "ThrottlingError")]
    with pytest.raises(Exception) as caught:  # noqa: PT011 - which one depends on the reason; a wait is the defect
        failing.ledger.claim(samples.payment(order_id=samples.ORDER_ID), None)
    assert not isinstance(caught.value, TableBusy)
    assert failing.waits == []


class Scripted:
    """A DynamoDB client with one answer to every call."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer
        self.waits: list[float] = []
        self.calls = 0

    def __getattr__(self, name: str) -> Any:
        def call(**_: Any) -> Any:
            self.calls += 1
            if isinstance(self._answer, Exception):
                raise self._answer
            return self._answer

        return call

    def table(self) -> Table:
        """The table over this client, with a clock that stands still."""
        return Table(self, "payments", self.waits.append, lambda: 0.0)


@pytest.mark.parametrize("answer", [{"Responses": {}}, {"Responses": {"payments": []}, "UnprocessedKeys": {}}])
def test_a_batch_of_items_that_do_not_exist_is_empty_at_once(answer: Any) -> None:
    client = Scripted(answer)
    assert list(client.table().batch_get(["pay_1"])) == []
    assert (client.calls, client.waits) == (1, [])


def test_the_wait_for_unread_keys_doubles_and_none_follows_the_last_try() -> None:
    client = Scripted({"Responses": {}, "UnprocessedKeys": {"payments": {"Keys": [{"pk": {"S": "pay_1"}}]}}})
    with pytest.raises(TableBusy):
        list(client.table().batch_get(["pay_1"]))
    assert client.calls == BATCH_TRIES
    assert client.waits == pytest.approx([0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56])


def test_the_wait_of_a_throttled_call_doubles_and_none_follows_the_last_try() -> None:
    client = Scripted(refusal("ThrottlingException"))
    with pytest.raises(TableBusy):
        client.table().put({})
    assert client.calls == CONFLICT_TRIES
    assert client.waits == pytest.approx([0.02, 0.04, 0.08, 0.16, 0.32])


def error(code: str, **response: Any) -> ClientError:
    full: Any = {"Error": {"Code": code, "Message": ""}, **response}
    return ClientError(full, "Write")


class TestErrors:
    def test_a_cancelled_transaction_without_reasons_is_raised_and_may_not_pass(self) -> None:
        cancelled = error(CANCELED)
        with pytest.raises(ClientError) as caught:
            expressions.failed_conditions(cancelled)
        assert caught.value is cancelled
        assert not expressions.may_pass(cancelled)

    @pytest.mark.parametrize("other", [{"Code": "None"}, {}], ids=["the word None", "no code"])
    def test_a_write_that_did_not_fail_is_no_reason(self, other: dict[str, str]) -> None:
        reasons = [other, {"Code": "TransactionConflict"}]
        assert expressions.is_transient(error(CANCELED, CancellationReasons=reasons))
        assert not expressions.is_transient(error(CANCELED, CancellationReasons=[other]))

    def test_a_failed_condition_without_an_item_has_stored_nothing(self) -> None:
        assert expressions.failed_condition(error("ConditionalCheckFailedException")) == {}
        failed, stored = {"Code": "ConditionalCheckFailed"}, {"Item": {"pk": {"S": "pay_1"}}}
        cancelled = error(CANCELED, CancellationReasons=[failed, {**failed, **stored}, {}])
        assert expressions.failed_conditions(cancelled) == [{}, {"pk": "pay_1"}, {}]
