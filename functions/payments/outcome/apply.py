"""What a payment makes of a report: pure decisions, no writes. `settling` is the only one to act on them."""

from datetime import datetime
from typing import Final

from payments.model import refund as refunds
from payments.model.gateway_transaction import GatewayTransaction
from payments.model.history import IN_REVIEW, MAX_HISTORY, Evidence, Failure, Source
from payments.model.integrity import mismatched_fields
from payments.model.payment import Payment
from payments.model.status import Status

INTEGRITY_MISMATCH: Final = "integrity_mismatch"

_A_HUMANS: Final = IN_REVIEW | {INTEGRITY_MISMATCH}

FAILURE_CODES: Final = {Status.FAILED: "declined", Status.BLOCKED: "blocked", Status.ABANDONED: "abandoned"}


def apply(payment: Payment, transaction: GatewayTransaction, source: Source, at: datetime) -> Payment:
    """The payment after the report; the very same object when the report changes nothing."""
    wrong = mismatched_fields(payment, transaction)
    if wrong:
        return _doubted(payment, transaction, wrong, source, at)
    return apply_flags(
        _transitioned(payment, transaction, source, at, evidence_of(transaction)), transaction, source, at
    )


def apply_flags(payment: Payment, transaction: GatewayTransaction, source: Source, at: datetime) -> Payment:
    """The payment after what a report says of refund and chargeback alone."""
    heard, evidence = payment, evidence_of(transaction)
    if transaction.refunded and heard.refund.status != "refunded":
        heard = refunds.refunded(heard, transaction.refunded_at or at, at=at, source=source, evidence=evidence)
    if transaction.charged_back and heard.chargeback.status == "none":
        heard = heard.charged_back(transaction.charged_back_at or at, at=at, source=source, evidence=evidence)
    return heard


def evidence_of(transaction: GatewayTransaction) -> Evidence:
    """What a history entry keeps of the report it rests on."""
    return {"gateway_status": transaction.raw_status, "transaction_id": transaction.transaction_id}


def _transitioned(
    payment: Payment, transaction: GatewayTransaction, source: Source, at: datetime, evidence: Evidence
) -> Payment:
    to = transaction.verdict
    if to is None or not _follows(payment, to) or was_decided_on(payment, transaction):
        return payment.known_as(transaction.transaction_id)
    if payment.is_open and payment.version >= MAX_HISTORY:
        failure = Failure("unresolved", "the gateway changes its mind without end")
        return payment.transition_to(Status.NEEDS_REVIEW, at=at, source=source, evidence=evidence, failure=failure)
    code = FAILURE_CODES.get(to)
    return payment.transition_to(
        to,
        at=at,
        source=source,
        evidence=evidence,
        transaction_id=transaction.transaction_id,
        message=transaction.message,
        redirect_url=transaction.redirect_url if to is Status.REQUIRES_ACTION else None,
        failure=Failure(code, transaction.message or f"the gateway says {transaction.raw_status}") if code else None,
    )


def was_decided_on(payment: Payment, transaction: GatewayTransaction) -> bool:
    """Whether a human has decided, knowing this very word of the gateway's: saying it again changes nothing."""
    doubts = payment.transitions[-2:-1]
    return is_decided_by_hand(payment) and any(
        doubt.evidence.get("gateway_status") == transaction.raw_status for doubt in doubts
    )


def is_decided_by_hand(payment: Payment) -> bool:
    """Whether the last word on the status was a human's."""
    return payment.transitions[-1].source == "operator"


def _follows(payment: Payment, to: Status) -> bool:
    if payment.status is Status.NEEDS_REVIEW and payment.failure and payment.failure.code in _A_HUMANS:
        return False  # contradictory evidence: a human decides, not the next message
    return payment.may_become(to)


def _doubted(
    payment: Payment, transaction: GatewayTransaction, wrong: tuple[str, ...], source: Source, at: datetime
) -> Payment:
    """A contradiction about money that may yet move, or may have moved, goes to a human; it never succeeds."""
    money_may_move = payment.is_open or (payment.frees_the_order and transaction.verdict is Status.SUCCEEDED)
    if not money_may_move or was_decided_on(payment, transaction):
        return payment
    failure = Failure(INTEGRITY_MISMATCH, f"not as it was sent: {', '.join(wrong)}")
    evidence = {**evidence_of(transaction), "mismatch": ",".join(wrong)}
    return payment.transition_to(Status.NEEDS_REVIEW, at=at, source=source, evidence=evidence, failure=failure)
