"""Integrity: the facts in which a transaction of the gateway contradicts the payment it names. Pure."""

from collections.abc import Iterator

from payments.model.gateway_transaction import GatewayTransaction
from payments.model.payment import Payment
from payments.model.status import Status


def mismatched_fields(payment: Payment, transaction: GatewayTransaction) -> tuple[str, ...]:
    """Names of the facts in which a report contradicts the payment it claims to be about; empty when it fits."""
    return tuple(_contradictions(payment, transaction))


def denies_refund(payment: Payment, transaction: GatewayTransaction) -> bool:
    """Whether a report says that a refund was not made: about this very payment, as it was sent, and in so many words.

    A refunded payment may be shown with what is left of its amount, or under a word of its own: that denies nothing.
    """
    return (
        transaction.refunded is False
        and transaction.verdict is Status.SUCCEEDED
        and not mismatched_fields(payment, transaction)
    )


def _contradictions(payment: Payment, transaction: GatewayTransaction) -> Iterator[str]:
    if _differs(transaction.amount, payment.money.amount) or _unsaid(transaction, transaction.amount):
        yield "amount"
    if _differs(transaction.currency, payment.money.currency) or _unsaid(transaction, transaction.currency):
        yield "currency"
    if (
        _differs(transaction.order_id, payment.wire_order_id) and not payment.is_adopted
    ):  # which order it was for is theirs
        yield "order_id"
    if payment.transaction_id and _differs(transaction.transaction_id, payment.transaction_id):
        yield "transaction_id"


def _differs(raw_status: object, ours: object) -> bool:
    return raw_status is not None and raw_status != ours


def _unsaid(transaction: GatewayTransaction, raw_status: object) -> bool:
    """What is absent contradicts nothing, but money is believed to have moved only when sum and currency are said."""
    return raw_status is None and transaction.verdict is Status.SUCCEEDED
