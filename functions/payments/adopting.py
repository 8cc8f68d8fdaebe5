"""Adopting: the payment that a transaction becomes which we have no record of. Pure; claiming it is the sweep's."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from payments.books import whole
from payments.cards import may_hold_number
from payments.hearing import FAILURE_CODES, evidence_of, hear_flags
from payments.history import Evidence, Failure
from payments.identities import is_order_id, orphan_id_of
from payments.listing import ListedRow
from payments.money import Money
from payments.payment import Payment, intent
from payments.statuses import FREES_THE_ORDER, Status

_UNKNOWN: Final = Failure("orphan", "the gateway lists a transaction that we have no record of")


def orphan_of(row: ListedRow, *, live: bool, at: datetime) -> Payment | None:
    """The payment to claim; None when the row names no sum that could have been charged.

    What moved no money is settled at once; of anything else a human decides what it was for.
    """
    report = row.report
    amount = whole(report.amount)
    if amount is None or amount <= 0 or report.currency is None:
        return None
    claimed = intent(
        orphan_id_of(report.transaction_id),
        fingerprint="",
        money=Money(amount, report.currency),
        live=live,
        order_id=_order_of(report.order_id),
        card=None,
        at=at,
        source="sweep",
    )
    claimed = replace(claimed, created_at=min(row.created_at or at, at))
    evidence: Evidence = {**evidence_of(report), "finding": "orphan", "order_id": row.order_id or ""}
    to = report.verdict if report.verdict in FREES_THE_ORDER else Status.NEEDS_REVIEW
    failure = _UNKNOWN if to is Status.NEEDS_REVIEW else Failure(FAILURE_CODES[to], f"the gateway says {report.said}")
    adopted = claimed.moved(
        to, at=at, source="sweep", evidence=evidence, transaction_id=report.transaction_id, failure=failure
    )
    return hear_flags(adopted, report, "sweep", at)


def _order_of(told: str | None) -> str | None:
    """The order it was for, if a shop of ours may have chosen that id; its lock is then this payment's."""
    return told if told is not None and is_order_id(told) and not may_hold_number(told) else None
