"""Agreement: a row and its payment leave nothing to do, so it does not matter that the payment was read cheaply. Pure.

Nothing to do means: nothing to write, nothing to ask, and no line in the report.
"""

from datetime import datetime

from payments.model.status import Status
from payments.reconciliation.comparison import compare, is_paid_under_unknown_status, is_unpaid_under_another_status
from payments.reconciliation.matching import Match


def is_settled(match: Match, *, since: datetime, at: datetime) -> bool:
    """Whether the row of a match agrees with its payment in everything, and the report has no line about them.

    `since`: the report includes the history entries of reconciliations from then on.
    """
    row, payment = match.row, match.payment
    if payment is None or match.other_payment is not None or row.suspicious_at is not None:
        return False
    if payment.transaction_id != row.transaction.transaction_id or payment.status is Status.NEEDS_REVIEW:
        return False
    if is_unpaid_under_another_status(payment, row.transaction) or is_paid_under_unknown_status(
        payment, row.transaction
    ):
        return False
    if any(entry.source == "reconciliation" and entry.at >= since for entry in payment.history):
        return False
    comparison = compare(payment, row.transaction, at)
    return comparison.agrees and not comparison.reviewed
