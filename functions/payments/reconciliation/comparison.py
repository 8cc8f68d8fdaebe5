"""Comparing: in what a payment and the gateway's word of it differ, and what in it would be news. Pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from payments.model.gateway_transaction import Report
from payments.model.history import Entry
from payments.model.integrity import mismatches
from payments.model.payment import Payment
from payments.model.status import FINAL, FREES_THE_ORDER, Status
from payments.outcome.apply import INTEGRITY_MISMATCH, hear, hear_flags, is_decided_by_hand, was_decided_on
from payments.reconciliation.discrepancy import Action, Kind

LAG: Final = timedelta(hours=1)
"""So long the gateway's list and its status API may both be behind what it told us itself."""

_SEEN_AS: Final[dict[str, Kind]] = {"amount": "amount_drift", "currency": "currency_drift"}


def news(payment: Payment, report: Report, at: datetime) -> Payment:
    """What the payment would be if the list were believed; the very same object when that is no news.

    A row without a verdict moves nothing: lists lag, and the shopper may be at the gateway's page. Nor does one talk a
    human's decision away.
    """
    if is_decided_by_hand(payment) or not has_verdict(report):
        return flagged(payment, report, at)
    return hear(payment, report, "sweep", at)


def flagged(payment: Payment, report: Report, at: datetime) -> Payment:
    """The payment after what a report that fits it says of refund and chargeback alone."""
    return payment if mismatches(payment, report) else hear_flags(payment, report, "sweep", at)


def has_verdict(report: Report) -> bool:
    """Whether it is over, by a word that we know."""
    return report.verdict in FINAL


def is_fresh(payment: Payment, at: datetime) -> bool:
    """Whether something has happened to it of which the gateway's books need not know yet."""
    return any(entry.source != "sweep" and at - entry.at < LAG for entry in payment.history)


def differences(payment: Payment, report: Report) -> tuple[Kind, ...]:
    """What needs a second word of the gateway. An open payment has none: news settles it, or puts it into review."""
    if payment.is_open or payment.status is Status.NEEDS_REVIEW:
        return ()
    return tuple(_differences(payment, report))


def _differences(payment: Payment, report: Report) -> Iterator[Kind]:
    if report.amount is not None and report.amount != payment.money.amount:
        yield "amount_drift"
    if report.currency is not None and report.currency != payment.money.currency:
        yield "currency_drift"
    if report.verdict is not payment.status and not _both_unpaid(payment, report) and not is_unknown(payment, report):
        yield "status_drift"
    if payment.refund.status == "refunded" and report.refunded is False:
        yield "refund_drift"
    if payment.chargeback.status == "charged_back" and report.charged_back is False:
        yield "chargeback_drift"


def is_told_differently(payment: Payment, report: Report) -> bool:
    """Both say that no money moved, in different words."""
    return _both_unpaid(payment, report) and report.verdict is not payment.status


def is_unknown(payment: Payment, report: Report) -> bool:
    """A paid payment under a word that nobody has told us of, which decides nothing: one for refunds, perhaps."""
    return payment.status is Status.SUCCEEDED and report.verdict is None


def _both_unpaid(payment: Payment, report: Report) -> bool:
    return payment.frees_the_order and report.verdict in FREES_THE_ORDER


def is_silent_on(payment: Payment, listed: Report, answer: Report) -> bool:
    """Whether an answer does not speak of something that the list differs in: it neither bears it out nor denies it."""
    refunded, charged_back = payment.refund.status == "refunded", payment.chargeback.status == "charged_back"
    told = (
        (listed.amount, payment.money.amount, answer.amount),
        (listed.currency, payment.money.currency, answer.currency),
        (listed.verdict, payment.status, answer.verdict),
        (bool(listed.refunded), refunded, answer.refunded),
        (bool(listed.charged_back), charged_back, answer.charged_back),
    )
    return any(theirs != ours and said is None for theirs, ours, said in told)


def acted_on(payment: Payment, report: Report | None = None) -> frozenset[Kind]:
    """What a human has been called for already: once a payment, whatever was decided.

    With a report also what he decided in spite of: the same word of the gateway's calls for nobody again.
    """
    seen: set[Kind] = set()
    for entry in payment.history:
        seen.update(_named(entry))
        seen.update(_SEEN_AS[name] for name in str(entry.evidence.get("mismatch", "")).split(",") if name in _SEEN_AS)
    return frozenset(seen | {"status_drift"} if report is not None and was_decided_on(payment, report) else seen)


def told_by(payment: Payment, entry: Entry) -> Iterator[tuple[Kind, Action]]:
    """What a history entry of the sweep's has to tell a person."""
    if named := _named(entry):
        yield from ((kind, "needs_review" if entry.status is Status.NEEDS_REVIEW else "settled") for kind in named)
    elif entry.name == "refunded":
        before = payment.history[entry.sequence - 2].refund
        yield "refund_confirmed" if before.status == "requested" else "refunded_elsewhere", "settled"
    elif entry.name == "charged_back":
        yield "charged_back", "settled"
    elif entry.name == Status.NEEDS_REVIEW.value:
        doubted = entry.failure is not None and entry.failure.code == INTEGRITY_MISMATCH
        yield "mismatch" if doubted else "settled", "needs_review"
    elif entry.status in FINAL and entry.is_move:
        yield "late_success" if entry.previous_status in FREES_THE_ORDER else "settled", "settled"


def _named(entry: Entry) -> tuple[Kind, ...]:
    """The findings that an entry was written for."""
    named = entry.evidence.get("finding")
    return tuple(named.split(",")) if isinstance(named, str) else ()  # type: ignore[arg-type]  # written by us alone
