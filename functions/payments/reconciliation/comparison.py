"""Comparison: where a payment and a transaction of the gateway differ, and what the transaction would change.

Pure: nothing is read or written here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from payments.model.gateway_transaction import GatewayTransaction
from payments.model.history import Entry
from payments.model.integrity import mismatched_fields
from payments.model.payment import Payment
from payments.model.status import FINAL, FREES_THE_ORDER, Status
from payments.model.supersession import is_late_success
from payments.outcome.apply import INTEGRITY_MISMATCH, apply, apply_flags, is_decided_by_hand, was_decided_on
from payments.reconciliation.discrepancy import Action, DiscrepancyKind

LAG: Final = timedelta(hours=1)
"""The gateway's list and its status API may both be this far behind an answer or a webhook that it sent us."""

_MISMATCH_KINDS: Final[dict[str, DiscrepancyKind]] = {"amount": "amount_drift", "currency": "currency_drift"}


@dataclass(frozen=True, slots=True)
class Comparison:
    """A payment beside its row in the gateway's list. `applied`: the payment if the row were believed.

    `reviewed`: differences that a reviewer has seen already. `unreviewed`: the others.
    """

    payment: Payment
    listed: GatewayTransaction
    applied: Payment
    reviewed: tuple[DiscrepancyKind, ...]
    unreviewed: tuple[DiscrepancyKind, ...]

    @property
    def agrees(self) -> bool:
        """Whether the row changes nothing, and differs in nothing new."""
        return self.applied is self.payment and not self.unreviewed

    @property
    def calls_for_review(self) -> bool:
        """Whether the row, once confirmed, puts the payment into review."""
        enters_review = self.applied.status is Status.NEEDS_REVIEW and self.payment.status is not Status.NEEDS_REVIEW
        return enters_review or bool(self.unreviewed)


def compare(payment: Payment, listed: GatewayTransaction, at: datetime) -> Comparison:
    """What the row would change in the payment, and in what the two would still differ then."""
    applied, seen = apply_listed(payment, listed, at), reviewed_kinds(payment, listed)
    found = differences(applied, listed)
    reviewed = tuple(kind for kind in found if kind in seen)
    unreviewed = tuple(kind for kind in found if kind not in seen)
    return Comparison(payment, listed, applied, reviewed, unreviewed)


def apply_listed(payment: Payment, transaction: GatewayTransaction, at: datetime) -> Payment:
    """The payment if the list were believed; the very same object when the list changes nothing.

    A row without a verdict changes no status: lists lag, and the shopper may be at the gateway's page. A row does not
    overrule a reviewer's decision either.
    """
    if is_decided_by_hand(payment) or not has_verdict(transaction):
        return apply_matching_flags(payment, transaction, at)
    return apply(payment, transaction, "reconciliation", at)


def apply_matching_flags(payment: Payment, transaction: GatewayTransaction, at: datetime) -> Payment:
    """The payment with the transaction's refund and chargeback alone; unchanged when the two do not match."""
    if mismatched_fields(payment, transaction):
        return payment
    return apply_flags(payment, transaction, "reconciliation", at)


def has_verdict(transaction: GatewayTransaction) -> bool:
    """Whether the transaction is over, by a status that is known here."""
    return transaction.verdict in FINAL


def changed_recently(payment: Payment, at: datetime) -> bool:
    """Whether the last change is so recent that the gateway's list and status API may not show it yet."""
    return any(entry.source != "reconciliation" and at - entry.at < LAG for entry in payment.history)


def differences(payment: Payment, transaction: GatewayTransaction) -> tuple[DiscrepancyKind, ...]:
    """The differences that the status API must confirm.

    Empty for an open payment: there the transaction's outcome is applied, or puts the payment into review.
    """
    if payment.is_open or payment.status is Status.NEEDS_REVIEW:
        return ()
    return tuple(_differences(payment, transaction))


def _differences(payment: Payment, transaction: GatewayTransaction) -> Iterator[DiscrepancyKind]:
    if transaction.amount is not None and transaction.amount != payment.money.amount:
        yield "amount_drift"
    if transaction.currency is not None and transaction.currency != payment.money.currency:
        yield "currency_drift"
    if (
        transaction.verdict is not payment.status
        and not _both_unpaid(payment, transaction)
        and not is_paid_under_unknown_status(payment, transaction)
    ):
        yield "status_drift"
    if payment.refund.status == "refunded" and transaction.refunded is False:
        yield "refund_drift"
    if payment.chargeback.status == "charged_back" and transaction.charged_back is False:
        yield "chargeback_drift"


def is_unpaid_under_another_status(payment: Payment, transaction: GatewayTransaction) -> bool:
    """Both sides say that no money moved, with different statuses."""
    return _both_unpaid(payment, transaction) and transaction.verdict is not payment.status


def is_paid_under_unknown_status(payment: Payment, transaction: GatewayTransaction) -> bool:
    """Paid by our record, under a gateway status not known here, perhaps one for refunds. It decides nothing."""
    return payment.status is Status.SUCCEEDED and transaction.verdict is None


def _both_unpaid(payment: Payment, transaction: GatewayTransaction) -> bool:
    return payment.status in FREES_THE_ORDER and transaction.verdict in FREES_THE_ORDER


def leaves_difference_open(payment: Payment, listed: GatewayTransaction, answer: GatewayTransaction) -> bool:
    """Whether the list differs from the payment in a field that the status API's answer leaves out."""
    refunded, charged_back = payment.refund.status == "refunded", payment.chargeback.status == "charged_back"
    fields = (
        (listed.amount, payment.money.amount, answer.amount),
        (listed.currency, payment.money.currency, answer.currency),
        (listed.verdict, payment.status, answer.verdict),
        (bool(listed.refunded), refunded, answer.refunded),
        (bool(listed.charged_back), charged_back, answer.charged_back),
    )
    return any(theirs != ours and answered is None for theirs, ours, answered in fields)


def reviewed_kinds(payment: Payment, transaction: GatewayTransaction | None = None) -> frozenset[DiscrepancyKind]:
    """The kinds that a reviewer has already seen for this payment. Each kind causes one review, whatever the decision.

    Whatever a reviewer has overruled counts as reviewed, so the same gateway status does not reopen the review. With
    `transaction`, the kinds that follow from a gateway status which the reviewer saw are included.
    """
    kinds: set[DiscrepancyKind] = set()
    for entry in payment.history:
        kinds.update(_kinds_in(entry))
        mismatches = str(entry.evidence.get("mismatch", "")).split(",")
        kinds.update(_MISMATCH_KINDS[name] for name in mismatches if name in _MISMATCH_KINDS)
    if transaction is not None and was_decided_on(payment, transaction):
        kinds.add("status_drift")
    return frozenset(kinds)


def discrepancies_in(payment: Payment, entry: Entry) -> Iterator[tuple[DiscrepancyKind, Action]]:
    """The discrepancies that a history entry of the reconciliation stands for."""
    if kinds := _kinds_in(entry):
        yield from ((kind, "needs_review" if entry.status is Status.NEEDS_REVIEW else "recorded") for kind in kinds)
    elif entry.name == "refunded":
        before = payment.history[entry.sequence - 2].refund
        yield "refund_confirmed" if before.status == "requested" else "refunded_elsewhere", "recorded"
    elif entry.name == "charged_back":
        yield "charged_back", "recorded"
    elif entry.name == Status.NEEDS_REVIEW.value:
        is_mismatch = entry.failure is not None and entry.failure.code == INTEGRITY_MISMATCH
        yield "mismatch" if is_mismatch else "recorded", "needs_review"
    elif entry.status in FINAL and entry.is_transition:
        yield "late_success" if is_late_success(payment, entry) else "recorded", "recorded"


def _kinds_in(entry: Entry) -> tuple[DiscrepancyKind, ...]:
    """The discrepancies that are written in an entry's evidence."""
    kinds = entry.evidence.get("discrepancy")
    return tuple(kinds.split(",")) if isinstance(kinds, str) else ()  # type: ignore[arg-type]  # only we write it
