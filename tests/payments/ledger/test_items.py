"""A payment is its item: read back, it is the same, and an item of an earlier release stays readable."""

from dataclasses import replace

import pytest

from payments.ledger import expressions, order_lock
from payments.ledger.expressions import plain, typed
from payments.ledger.payment_items import SHARDS, payment_item, payment_of, shard_of
from payments.model.card import CardFacts
from payments.model.payment import Payment
from payments.ports.ledger import OrderLock
from tests.fakes import samples
from tests.payments.ledger.contract_save import full

PAYMENTS = {
    "just claimed": samples.payment(),
    "without a card and an order": samples.payment(card=None, order_id=None),
    "with a card": samples.payment(card=CardFacts("amex", "0005", "01", "2031")),
    "in live mode": samples.payment(live=True),
    "a later attempt": samples.payment(attempt=3),
    "with a value in every field": replace(full(samples.payment(live=True)), published=2, revision=7),
}


@pytest.mark.parametrize("payment", PAYMENTS.values(), ids=list(PAYMENTS))
def test_every_field_is_read_back_unchanged(payment: Payment) -> None:
    assert payment_of(plain(typed(payment_item(payment)))) == payment


def test_an_absent_value_has_no_attribute() -> None:
    item = payment_item(samples.payment(card=None, order_id=None))
    assert not {"card", "order_id", "failure", "refund_attempt", "replayed_while_sending"} & set(item)
    assert None not in item.values()


def test_the_attributes_of_an_entry_that_an_earlier_release_did_not_write_are_absent() -> None:
    payment = full(samples.payment())
    item = payment_item(payment)
    for entry in item["history"]:
        entry.pop("principal", None)
    del item["refund_attempt"]["answered"], item["refund_attempt"]["failure"]
    request = payment.refund_attempt
    assert request is not None
    assert payment_of(item).refund_attempt == replace(request, answered=None, failure=None)
    assert [entry.principal for entry in payment_of(item).history] == [None] * payment.version


def test_a_payment_is_always_in_the_same_shard() -> None:
    shards = {shard_of(samples.payment(key=f"key-{nth}").id) for nth in range(250)}
    assert shards == set(range(SHARDS))


@pytest.mark.parametrize("live", [True, False])
def test_the_lock_of_an_order_names_its_order(*, live: bool) -> None:
    key = order_lock.key_of("order-1", live=live)
    assert order_lock.order_of({"pk": key, "attempts": ["pay_1", "pay_2"]}) == OrderLock("order-1", ("pay_1", "pay_2"))
    assert key != order_lock.key_of("order-1", live=not live)


class TestUpdate:
    def test_a_request_that_only_removes_has_no_values(self) -> None:
        """DynamoDB rejects an empty mapping of values; emulators accept it."""
        assert expressions.update({"unlisted_on": None}, {}, {}, {}) == {
            "UpdateExpression": "REMOVE #unlisted_on",
            "ExpressionAttributeNames": {"#unlisted_on": "unlisted_on"},
        }

    def test_every_clause_names_its_attributes_and_binds_its_values(self) -> None:
        request = expressions.update({"a": 1, "b": None, "c": "x"}, {"d": [2]}, {":seen": 3}, {"e": 4})
        assert request == {
            "UpdateExpression": "SET #a = :a, #c = :c, #d = list_append(#d, :d) REMOVE #b ADD #e :e",
            "ExpressionAttributeNames": {"#a": "a", "#b": "b", "#c": "c", "#d": "d", "#e": "e"},
            "ExpressionAttributeValues": {
                ":a": {"N": "1"},
                ":c": {"S": "x"},
                ":d": {"L": [{"N": "2"}]},
                ":e": {"N": "4"},
                ":seen": {"N": "3"},
            },
        }
