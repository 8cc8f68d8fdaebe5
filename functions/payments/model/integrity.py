"""Integrity: the facts in which a transaction of the gateway contradicts the payment it names. Pure."""

from collections.abc import Iterator

from payments.model.gateway_transaction import Report
from payments.model.payment import Payment
from payments.model.status import Status


def mismatches(payment: Payment, report: Report) -> tuple[str, ...]:
    """Names of the facts in which a report contradicts the payment it claims to be about; empty when it fits."""
    return tuple(_contradictions(payment, report))


def denies_refund(payment: Payment, report: Report) -> bool:
    """Whether a report says that a refund was not made: about this very payment, as it was sent, and in so many words.

    A refunded payment may be shown with what is left of its amount, or under a word of its own: that denies nothing.
    """
    return report.refunded is False and report.verdict is Status.SUCCEEDED and not mismatches(payment, report)


def _contradictions(payment: Payment, report: Report) -> Iterator[str]:
    if _differs(report.amount, payment.money.amount) or _unsaid(report, report.amount):
        yield "amount"
    if _differs(report.currency, payment.money.currency) or _unsaid(report, report.currency):
        yield "currency"
    if _differs(report.order_id, payment.wire_order_id) and not payment.is_adopted:  # which order it was for is theirs
        yield "order_id"
    if payment.transaction_id and _differs(report.transaction_id, payment.transaction_id):
        yield "transaction_id"


def _differs(said: object, ours: object) -> bool:
    return said is not None and said != ours


def _unsaid(report: Report, said: object) -> bool:
    """What is absent contradicts nothing, but money is believed to have moved only when sum and currency are said."""
    return said is None and report.verdict is Status.SUCCEEDED
