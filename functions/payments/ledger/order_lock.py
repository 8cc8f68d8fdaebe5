"""Orders: the lock that an order's attempts share, as the writes that go into a claim's transaction."""

from collections.abc import Mapping
from typing import Any, Final

from payments.ledger.expressions import NOT_YET_THERE, wire
from payments.model.payment import Payment
from payments.model.status import FREES_THE_ORDER
from payments.ports.ledger import OrderLock

SAME_ATTEMPTS: Final = "size(attempts) = :seen_attempts"
FREED: Final = "#status IN (" + ", ".join(f":{status.value}" for status in sorted(FREES_THE_ORDER)) + ")"

Write = dict[str, Any]


def key_of(order_id: str) -> str:
    """The partition key of an order's lock. No payment id contains `#`."""
    return f"order#{order_id}"


def order_of(item: Mapping[str, Any]) -> OrderLock:
    """The order that a lock's item holds."""
    return OrderLock(item["pk"].removeprefix("order#"), tuple(item["attempts"]))


def taken(table: str, payment: Payment, order: OrderLock | None) -> list[Write]:
    """Takes the lock for a payment: the first attempt makes it; a later one needs the attempt before to have failed."""
    if payment.order_id is None:
        return []
    if order is None:
        item = {"pk": key_of(payment.order_id), "attempts": [payment.id]}
        return [{"Put": {"TableName": table, "Item": wire(item), "ConditionExpression": NOT_YET_THERE}}]
    appended = {
        **_key(table, payment.order_id),
        "UpdateExpression": "SET attempts = list_append(attempts, :attempt)",
        "ConditionExpression": SAME_ATTEMPTS,
        "ExpressionAttributeValues": wire({":attempt": [payment.id], ":seen_attempts": len(order.attempts)}),
    }
    return [{"Update": appended}, _freed_by(table, order.attempts[-1])]


def given_back(table: str, payment: Payment) -> list[Write]:
    """Gives the lock back as it was before this payment took it."""
    if payment.order_id is None:
        return []
    unchanged = {
        **_key(table, payment.order_id),
        "ConditionExpression": SAME_ATTEMPTS,
        "ExpressionAttributeValues": wire({":seen_attempts": payment.attempt}),
    }
    if payment.attempt == 1:
        return [{"Delete": unchanged}]
    return [{"Update": {**unchanged, "UpdateExpression": f"REMOVE attempts[{payment.attempt - 1}]"}}]


def _freed_by(table: str, payment_id: str) -> Write:
    check = {
        "TableName": table,
        "Key": wire({"pk": payment_id}),
        "ConditionExpression": FREED,
        "ExpressionAttributeNames": {"#status": "status"},
        "ExpressionAttributeValues": wire({f":{status.value}": status.value for status in FREES_THE_ORDER}),
    }
    return {"ConditionCheck": check}


def _key(table: str, order_id: str) -> Write:
    return {"TableName": table, "Key": wire({"pk": key_of(order_id)})}
