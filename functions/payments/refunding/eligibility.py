"""Whether a payment can be refunded in its present state. Pure."""

from payments.errors import NothingSent
from payments.model.history import SUSPICIOUS
from payments.model.payment import Payment
from payments.model.refund import MAX_REFUND_HISTORY
from payments.model.status import Status


class NotRefundable(NothingSent):
    """The payment cannot be refunded in its present state. `code` is the reason, for programs."""

    def __init__(self, code: str, payment: Payment) -> None:
        super().__init__(f"{payment.id} cannot be refunded: {code}")
        self.code = code
        self.payment = payment


class NotOwed(NothingSent):
    """The refund of a late success is not owed any more: another one was requested meanwhile."""


def check_refundable(payment: Payment) -> None:
    """Raises NotRefundable when there is no money to refund, or when a refund is under way."""
    if payment.refund.status == "refunded":
        raise NotRefundable("already_refunded", payment)
    if payment.awaits_refund:
        raise NotRefundable("refund_in_progress", payment)
    if payment.chargeback.status == "charged_back":
        raise NotRefundable("already_charged_back", payment)
    if not _is_paid(payment):
        raise NotRefundable("not_succeeded", payment)
    if payment.transaction_id is None:
        raise NotRefundable("transaction_unknown", payment)
    if payment.version >= MAX_REFUND_HISTORY:
        raise NotRefundable("too_many_attempts", payment)


def _is_paid(payment: Payment) -> bool:
    """A payment in review as suspicious counts as paid if it had succeeded: a refund may be the right decision."""
    if payment.status is Status.NEEDS_REVIEW and payment.failure and payment.failure.code == SUSPICIOUS:
        (*_, review) = (entry for entry in payment.history if entry.name == Status.NEEDS_REVIEW.value)
        return review.previous_status is Status.SUCCEEDED
    return payment.status is Status.SUCCEEDED
