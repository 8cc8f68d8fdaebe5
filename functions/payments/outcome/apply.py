"""Applies a gateway transaction to a payment. Pure decisions, no writes: `record.py` writes the result."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from payments.model import refund as refunds
from payments.model.gateway_transaction import GatewayTransaction
from payments.model.history import MAX_HISTORY, REVIEW_CODES, UNRESOLVED, Evidence, Failure, Source
from payments.model.integrity import mismatched_fields
from payments.model.payment import Payment
from payments.model.status import FREES_THE_ORDER, Status

INTEGRITY_MISMATCH: Final = "integrity_mismatch"
"""The failure code of a payment in review because a transaction contradicts it."""

FAILURE_CODES: Final = {Status.FAILED: "declined", Status.BLOCKED: "blocked", Status.ABANDONED: "abandoned"}

_KEEPS_THE_PAGE: Final = frozenset({Status.REQUIRES_ACTION, Status.PENDING})
"""After PENDING the gateway may say REDIRECT again, and its status API may leave the page out."""

_DECIDED_BY_A_PERSON: Final = REVIEW_CODES | {INTEGRITY_MISMATCH}


def apply(payment: Payment, transaction: GatewayTransaction, source: Source, at: datetime) -> Payment:
    """The payment after the transaction; the same object when the transaction changes nothing."""
    mismatched = mismatched_fields(payment, transaction)
    if mismatched:
        return _put_into_review(payment, transaction, mismatched, source, at)
    return apply_flags(_with_verdict(payment, transaction, source, at), transaction, source, at)


def apply_flags(payment: Payment, transaction: GatewayTransaction, source: Source, at: datetime) -> Payment:
    """The payment after the refund and chargeback flags of the transaction, without its verdict."""
    after, evidence = payment, evidence_of(transaction)
    if transaction.refunded and after.refund.status != "refunded":
        after = refunds.refunded(after, transaction.refunded_at or at, at=at, source=source, evidence=evidence)
    if transaction.charged_back and after.chargeback.status == "none":
        after = after.charged_back(transaction.charged_back_at or at, at=at, source=source, evidence=evidence)
    return after


def evidence_of(transaction: GatewayTransaction) -> Evidence:
    """The part of a transaction that a history entry keeps as its evidence."""
    return {"gateway_status": transaction.raw_status, "transaction_id": transaction.transaction_id}


def was_decided_on(payment: Payment, transaction: GatewayTransaction) -> bool:
    """Whether a person has decided against this gateway status; then the same status changes nothing.

    The transition before the decision has the gateway status that the person saw.
    """
    before_decision = payment.transitions[-2:-1]
    return is_decided_by_hand(payment) and any(
        entry.evidence.get("gateway_status") == transaction.raw_status for entry in before_decision
    )


def is_decided_by_hand(payment: Payment) -> bool:
    """Whether a person made the last transition."""
    return payment.transitions[-1].source == "operator"


def _with_verdict(payment: Payment, transaction: GatewayTransaction, source: Source, at: datetime) -> Payment:
    to, evidence = transaction.verdict, evidence_of(transaction)
    if to is payment.status is Status.REQUIRES_ACTION:
        return _with_page(payment, transaction, source, at)
    if to is None or not _accepts(payment, to) or was_decided_on(payment, transaction):
        return payment.with_transaction_id(transaction.transaction_id)
    if payment.is_open and payment.version >= MAX_HISTORY:
        failure = Failure(UNRESOLVED, "the gateway changes its mind without end")
        return payment.transition_to(Status.NEEDS_REVIEW, at=at, source=source, evidence=evidence, failure=failure)
    code = FAILURE_CODES.get(to)
    return payment.transition_to(
        to,
        at=at,
        source=source,
        evidence=evidence,
        transaction_id=transaction.transaction_id,
        message=transaction.message,
        redirect_url=_page(payment, transaction) if to in _KEEPS_THE_PAGE else None,
        failure=Failure(code, transaction.message or f"the gateway says {transaction.raw_status}") if code else None,
    )


def _page(payment: Payment, transaction: GatewayTransaction) -> str | None:
    """The shopper's page: the newest one. A page beside another word than REDIRECT is none."""
    is_redirect = transaction.verdict is Status.REQUIRES_ACTION
    return (transaction.redirect_url if is_redirect else None) or payment.redirect_url


def _with_page(payment: Payment, transaction: GatewayTransaction, source: Source, at: datetime) -> Payment:
    """The payment with the shopper's page, if this transaction brings the first one.

    The status API may report REDIRECT without a page while the card reply, which has the page, is on its way.
    """
    if payment.redirect_url or not transaction.redirect_url:
        return payment
    page = replace(payment, redirect_url=transaction.redirect_url, message=transaction.message or payment.message)
    return page.with_entry(payment.status.value, at, source, evidence_of(transaction))


def _accepts(payment: Payment, to: Status) -> bool:
    if payment.status is Status.NEEDS_REVIEW and payment.failure and payment.failure.code in _DECIDED_BY_A_PERSON:
        return False  # contradictory evidence: a person decides, not the next transaction
    return payment.may_become(to)


def _put_into_review(
    payment: Payment, transaction: GatewayTransaction, mismatched: tuple[str, ...], source: Source, at: datetime
) -> Payment:
    """A contradicting transaction never succeeds. It needs review if money may have moved, or may still move."""
    money_may_move = payment.is_open or (payment.status in FREES_THE_ORDER and transaction.verdict is Status.SUCCEEDED)
    if not money_may_move or was_decided_on(payment, transaction):
        return payment
    failure = Failure(INTEGRITY_MISMATCH, f"not as it was sent: {', '.join(mismatched)}")
    evidence = {**evidence_of(transaction), "mismatch": ",".join(mismatched)}
    return payment.transition_to(Status.NEEDS_REVIEW, at=at, source=source, evidence=evidence, failure=failure)
