"""Integrity: compares a gateway transaction with the payment it names. Only comparison: no decision, no write."""

from collections.abc import Iterator

from payments.model.gateway_transaction import GatewayTransaction
from payments.model.payment import Payment
from payments.model.status import Status


def mismatched_fields(payment: Payment, transaction: GatewayTransaction) -> tuple[str, ...]:
    """The names of the contradicting fields: amount, currency, order_id, transaction_id; empty when there are none.

    A missing field is no mismatch, except on success: then amount and currency are required.
    """
    return tuple(_mismatches(payment, transaction))


def denies_refund(payment: Payment, transaction: GatewayTransaction) -> bool:
    """Whether a transaction says explicitly that this payment was not refunded.

    Only a succeeded transaction without a mismatch can deny it. A refunded payment may be shown with its remaining
    amount, or under another status word: that is no denial.
    """
    return (
        transaction.refunded is False
        and transaction.verdict is Status.SUCCEEDED
        and not mismatched_fields(payment, transaction)
    )


def _mismatches(payment: Payment, transaction: GatewayTransaction) -> Iterator[str]:
    required = transaction.verdict is Status.SUCCEEDED
    if _differs(transaction.amount, payment.money.amount, required=required):
        yield "amount"
    if _differs(transaction.currency, payment.money.currency, required=required):
        yield "currency"
    # The wire order id of an adopted payment is not ours, so it is not compared.
    if not payment.is_adopted and _differs(transaction.order_id, payment.wire_order_id):
        yield "order_id"
    if payment.transaction_id and _differs(transaction.transaction_id, payment.transaction_id):
        yield "transaction_id"


def _differs(theirs: object, ours: object, *, required: bool = False) -> bool:
    return required if theirs is None else theirs != ours
