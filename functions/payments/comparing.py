"""Comparing: in what a payment and the gateway's word of it differ, once the news in it is settled. Pure."""

from collections.abc import Collection, Iterator
from typing import Final

from payments.findings import Action, Kind
from payments.hearing import INTEGRITY_MISMATCH
from payments.history import Entry
from payments.payment import Payment
from payments.reports import Report
from payments.statuses import FINAL, FREES_THE_ORDER, Status

_REQUESTED: Final = frozenset({"requested"})
"""A refund of ours that we do not know the fate of."""

_SEEN_AS: Final[dict[str, Kind]] = {"amount": "amount_drift", "currency": "currency_drift"}


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
    if report.verdict is not payment.status and not _both_unpaid(payment, report) and not _gone_back(payment, report):
        yield "status_drift"
    if payment.refund.status == "refunded" and report.refunded is False:
        yield "refund_drift"
    if payment.chargeback.status == "charged_back" and not report.charged_back:
        yield "chargeback_drift"


def is_told_differently(payment: Payment, report: Report) -> bool:
    """Both say that no money moved, in different words."""
    return _both_unpaid(payment, report) and report.verdict is not payment.status


def _both_unpaid(payment: Payment, report: Report) -> bool:
    return payment.frees_the_order and report.verdict in FREES_THE_ORDER


def _gone_back(payment: Payment, report: Report) -> bool:
    """Paid, and sent back, by both books: the gateway may have a word of its own for that, which is no verdict."""
    refunded = payment.refund.status == "refunded" and report.refunded is True
    charged_back = payment.chargeback.status == "charged_back" and report.charged_back
    return payment.status is Status.SUCCEEDED and report.verdict is None and (refunded or charged_back)


def is_silent_on(found: Collection[Kind], report: Report) -> bool:
    """Whether a report does not speak of what was found to differ: then it neither confirms nor denies it."""
    said = {"amount_drift": report.amount, "currency_drift": report.currency, "refund_drift": report.refunded}
    return any(kind in said and said[kind] is None for kind in found)


def acted_on(payment: Payment) -> frozenset[Kind]:
    """What a human has been called for already: once a payment, whatever was decided."""
    seen: set[Kind] = set()
    for entry in payment.history:
        seen.update(_named(entry))
        seen.update(_SEEN_AS[name] for name in str(entry.evidence.get("mismatch", "")).split(",") if name in _SEEN_AS)
    return frozenset(seen)


def is_decided_by_hand(payment: Payment) -> bool:
    """The last word on the status was a human's: the list, which he has seen, does not talk it away."""
    moves = [entry for entry in payment.history if entry.name == entry.status.value]
    return moves[-1].source == "operator"


def told_by(payment: Payment, entry: Entry) -> Iterator[tuple[Kind, Action]]:
    """What a history entry of the sweep's has to tell a person."""
    if named := _named(entry):
        yield from ((kind, "needs_review" if entry.status is Status.NEEDS_REVIEW else "settled") for kind in named)
    elif entry.name == "refunded":
        before = payment.history[entry.sequence - 2].refund
        yield "refund_confirmed" if before.status in _REQUESTED else "refunded_elsewhere", "settled"
    elif entry.name == "charged_back":
        yield "charged_back", "settled"
    elif entry.name == Status.NEEDS_REVIEW.value:
        doubted = entry.failure is not None and entry.failure.code == INTEGRITY_MISMATCH
        yield "mismatch" if doubted else "settled", "needs_review"
    elif entry.status in FINAL and entry.name == entry.status.value:
        yield "late_success" if entry.previous_status in FREES_THE_ORDER else "settled", "settled"


def _named(entry: Entry) -> tuple[Kind, ...]:
    """The findings that an entry was written for."""
    named = entry.evidence.get("finding")
    return tuple(named.split(",")) if isinstance(named, str) else ()  # type: ignore[arg-type]  # written by us alone
