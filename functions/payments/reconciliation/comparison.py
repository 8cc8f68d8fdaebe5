"""Comparing: in what a payment and the gateway's word of it differ, and what in it would be news. Pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from payments.model.gateway_transaction import GatewayTransaction
from payments.model.history import Entry
from payments.model.integrity import mismatched_fields
from payments.model.payment import Payment
from payments.model.status import FINAL, FREES_THE_ORDER, Status
from payments.outcome.apply import INTEGRITY_MISMATCH, apply, apply_flags, is_decided_by_hand, was_decided_on
from payments.reconciliation.discrepancy import Action, DiscrepancyKind

LAG: Final = timedelta(hours=1)
"""So long the gateway's list and its status API may both be behind what it told us itself."""

_SEEN_AS: Final[dict[str, DiscrepancyKind]] = {"amount": "amount_drift", "currency": "currency_drift"}


def news(payment: Payment, transaction: GatewayTransaction, at: datetime) -> Payment:
    """What the payment would be if the list were believed; the very same object when that is no news.

    A row without a verdict moves nothing: lists lag, and the shopper may be at the gateway's page. Nor does one talk a
    human's decision away.
    """
    if is_decided_by_hand(payment) or not has_verdict(transaction):
        return flagged(payment, transaction, at)
    return apply(payment, transaction, "reconciliation", at)


def flagged(payment: Payment, transaction: GatewayTransaction, at: datetime) -> Payment:
    """The payment after what a report that fits it says of refund and chargeback alone."""
    return (
        payment if mismatched_fields(payment, transaction) else apply_flags(payment, transaction, "reconciliation", at)
    )


def has_verdict(transaction: GatewayTransaction) -> bool:
    """Whether it is over, by a word that we know."""
    return transaction.verdict in FINAL


def is_fresh(payment: Payment, at: datetime) -> bool:
    """Whether something has happened to it of which the gateway's books need not know yet."""
    return any(entry.source != "reconciliation" and at - entry.at < LAG for entry in payment.history)


def differences(payment: Payment, transaction: GatewayTransaction) -> tuple[DiscrepancyKind, ...]:
    """What needs a second word of the gateway. An open payment has none: news settles it, or puts it into review."""
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
        and not is_unknown(payment, transaction)
    ):
        yield "status_drift"
    if payment.refund.status == "refunded" and transaction.refunded is False:
        yield "refund_drift"
    if payment.chargeback.status == "charged_back" and transaction.charged_back is False:
        yield "chargeback_drift"


def is_told_differently(payment: Payment, transaction: GatewayTransaction) -> bool:
    """Both say that no money moved, in different words."""
    return _both_unpaid(payment, transaction) and transaction.verdict is not payment.status


def is_unknown(payment: Payment, transaction: GatewayTransaction) -> bool:
    """A paid payment under a word that nobody has told us of, which decides nothing: one for refunds, perhaps."""
    return payment.status is Status.SUCCEEDED and transaction.verdict is None


def _both_unpaid(payment: Payment, transaction: GatewayTransaction) -> bool:
    return payment.frees_the_order and transaction.verdict in FREES_THE_ORDER


def is_silent_on(payment: Payment, listed: GatewayTransaction, answer: GatewayTransaction) -> bool:
    """Whether an answer does not speak of something that the list differs in: it neither bears it out nor denies it."""
    refunded, charged_back = payment.refund.status == "refunded", payment.chargeback.status == "charged_back"
    told = (
        (listed.amount, payment.money.amount, answer.amount),
        (listed.currency, payment.money.currency, answer.currency),
        (listed.verdict, payment.status, answer.verdict),
        (bool(listed.refunded), refunded, answer.refunded),
        (bool(listed.charged_back), charged_back, answer.charged_back),
    )
    return any(theirs != ours and raw_status is None for theirs, ours, raw_status in told)


def acted_on(payment: Payment, transaction: GatewayTransaction | None = None) -> frozenset[DiscrepancyKind]:
    """What a human has been called for already: once a payment, whatever was decided.

    With a report also what he decided in spite of: the same word of the gateway's calls for nobody again.
    """
    seen: set[DiscrepancyKind] = set()
    for entry in payment.history:
        seen.update(_named(entry))
        seen.update(_SEEN_AS[name] for name in str(entry.evidence.get("mismatch", "")).split(",") if name in _SEEN_AS)
    return frozenset(
        seen | {"status_drift"} if transaction is not None and was_decided_on(payment, transaction) else seen
    )


def told_by(payment: Payment, entry: Entry) -> Iterator[tuple[DiscrepancyKind, Action]]:
    """What a history entry of the reconciliation's has to tell a person."""
    if named := _named(entry):
        yield from ((kind, "needs_review" if entry.status is Status.NEEDS_REVIEW else "recorded") for kind in named)
    elif entry.name == "refunded":
        before = payment.history[entry.sequence - 2].refund
        yield "refund_confirmed" if before.status == "requested" else "refunded_elsewhere", "recorded"
    elif entry.name == "charged_back":
        yield "charged_back", "recorded"
    elif entry.name == Status.NEEDS_REVIEW.value:
        doubted = entry.failure is not None and entry.failure.code == INTEGRITY_MISMATCH
        yield "mismatch" if doubted else "recorded", "needs_review"
    elif entry.status in FINAL and entry.is_transition:
        yield "late_success" if entry.previous_status in FREES_THE_ORDER else "recorded", "recorded"


def _named(entry: Entry) -> tuple[DiscrepancyKind, ...]:
    """The discrepancies that an entry was written for."""
    named = entry.evidence.get("discrepancy")
    return tuple(named.split(",")) if isinstance(named, str) else ()  # type: ignore[arg-type]  # written by us alone
