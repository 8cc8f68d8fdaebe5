"""The order lock, shared by the attempts at one order: its item, and the writes that join a claim's transaction."""

from collections.abc import Mapping
from typing import Any, Final

from payments.ledger import expressions, payment_items
from payments.ledger.expressions import NOT_YET_THERE, NOTHING_WRITTEN_SINCE, typed
from payments.model.history import UNRESOLVED
from payments.model.identifiers import mode_of
from payments.model.payment import Payment
from payments.model.status import FREES_THE_ORDER, Status
from payments.ports.ledger import OrderLock, Superseding

SAME_ATTEMPTS: Final = "size(attempts) = :seen_attempts"
UNPAID: Final = "#status IN (" + ", ".join(f":{status.value}" for status in sorted(FREES_THE_ORDER)) + ")"
SENT_BACK: Final = "#status = :paid AND #refund.#status IN (:requested, :refunded)"
GIVEN_UP: Final = f"#status = :on_page OR #failure.#code = :unresolved OR ({SENT_BACK})"
"""A superseded payment on the gateway's page, also after the last status query; or its money goes back."""
FREED: Final = f"{UNPAID} OR (attribute_exists(superseded_at) AND ({GIVEN_UP}))"

_UNPAID: Final = {f":{status.value}": status.value for status in FREES_THE_ORDER}
_GIVEN_UP: Final = {
    ":on_page": Status.REQUIRES_ACTION.value,
    ":paid": Status.SUCCEEDED.value,
    ":unresolved": UNRESOLVED,
    ":requested": "requested",
    ":refunded": "refunded",
}

Write = dict[str, Any]


def key_of(order_id: str, *, live: bool) -> str:
    """The partition key of an order lock. It equals no payment id, because no payment id contains `#`.

    An order of test mode and one of live mode with the same id are two orders.
    """
    return f"order#{mode_of(live=live)}#{order_id}"


def order_of(item: Mapping[str, Any]) -> OrderLock:
    """The order lock in an item. No order id contains `#`."""
    return OrderLock(item["pk"].rpartition("#")[2], tuple(item["attempts"]))


def acquire(
    table: str, payment: Payment, order: OrderLock | None, superseding: Superseding | None = None
) -> list[Write]:
    """The writes that acquire the lock. The first attempt creates it; a later one requires a freed predecessor.

    With `superseding` the predecessor is not freed yet: it is marked in the same transaction.
    """
    if payment.order_id is None:
        return []
    if order is None:
        item = {"pk": key_of(payment.order_id, live=payment.live), "attempts": [payment.id]}
        return [{"Put": {"TableName": table, "Item": typed(item), "ConditionExpression": NOT_YET_THERE}}]
    appended = {
        **_key(table, payment.order_id, live=payment.live),
        "UpdateExpression": "SET attempts = list_append(attempts, :attempt)",
        "ConditionExpression": SAME_ATTEMPTS,
        "ExpressionAttributeValues": typed({":attempt": [payment.id], ":seen_attempts": len(order.attempts)}),
    }
    if superseding is None:
        return [{"Update": appended}, _requires_freed(table, order.attempts[-1])]
    return [{"Update": appended}, _supersedes(table, superseding)]


def release(table: str, payment: Payment) -> list[Write]:
    """The writes that restore the lock to its state before this payment acquired it."""
    if payment.order_id is None:
        return []
    unchanged = {
        **_key(table, payment.order_id, live=payment.live),
        "ConditionExpression": SAME_ATTEMPTS,
        "ExpressionAttributeValues": typed({":seen_attempts": payment.attempt}),
    }
    if payment.attempt == 1:
        return [{"Delete": unchanged}]
    return [{"Update": {**unchanged, "UpdateExpression": f"REMOVE attempts[{payment.attempt - 1}]"}}]


def _supersedes(table: str, superseding: Superseding) -> Write:
    """The mark on the predecessor, refused if any write came since it was read: a verdict is one."""
    before, after = superseding.before, superseding.after
    mark = {
        "TableName": table,
        "Key": typed({"pk": before.id}),
        **expressions.update(
            *payment_items.changes(before, after), {":seen_revision": before.revision}, {"revision": 1}
        ),
        "ConditionExpression": NOTHING_WRITTEN_SINCE,
    }
    return {"Update": mark}


def _requires_freed(table: str, payment_id: str) -> Write:
    check = {
        "TableName": table,
        "Key": typed({"pk": payment_id}),
        "ConditionExpression": FREED,
        "ExpressionAttributeNames": {name: name[1:] for name in ("#status", "#failure", "#code", "#refund")},
        "ExpressionAttributeValues": typed(_UNPAID | _GIVEN_UP),
    }
    return {"ConditionCheck": check}


def _key(table: str, order_id: str, *, live: bool) -> Write:
    return {"TableName": table, "Key": typed({"pk": key_of(order_id, live=live)})}
