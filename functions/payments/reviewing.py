"""Reviewing: a payment goes to a human with what the sweep has found. Pure; a finding calls for one once a payment."""

from collections.abc import Iterable
from datetime import datetime

from payments.books import whole
from payments.comparing import acted_on
from payments.findings import NOTES, Kind
from payments.history import Evidence, Failure
from payments.payment import Payment
from payments.reports import Report
from payments.statuses import Status


def in_review(payment: Payment, found: Iterable[Kind], report: Report | None, at: datetime) -> Payment:
    """The payment in review for what nobody has looked at yet; the very same object when there is nothing of it."""
    seen = acted_on(payment, report)
    fresh = [kind for kind in found if kind not in seen]
    if not fresh or not payment.may_become(Status.NEEDS_REVIEW):
        return payment
    evidence = {"finding": ",".join(fresh), **(_said(payment, report) if report else {})}
    failure = Failure(fresh[0], " ".join(NOTES[kind] for kind in fresh))
    return payment.moved(Status.NEEDS_REVIEW, at=at, source="sweep", evidence=evidence, failure=failure)


def _said(payment: Payment, report: Report) -> Evidence:
    if payment.transaction_id not in (None, report.transaction_id):
        return {"other_transaction_id": report.transaction_id}  # its word is not one about this payment
    amount = whole(report.amount)
    told = {"gateway_status": report.said, "transaction_id": report.transaction_id, "currency": report.currency}
    return {
        **{name: value for name, value in told.items() if value is not None},
        **({} if amount is None else {"amount": amount}),
    }
