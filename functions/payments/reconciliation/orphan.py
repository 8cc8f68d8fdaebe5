"""Adopting: the payment that a transaction becomes which we have no record of. Pure; claiming it is the reconciliation's."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from payments.model.history import Evidence, Failure
from payments.model.identifiers import orphan_id_of
from payments.model.money import Money
from payments.model.payment import Payment, intent
from payments.model.status import FREES_THE_ORDER, Status
from payments.outcome.apply import FAILURE_CODES, apply_flags, evidence_of
from payments.reconciliation.totals import whole
from payments.reconciliation.transaction_list import ListedRow

_UNKNOWN: Final = Failure("orphan", "the gateway lists a transaction that we have no record of")


def orphan_of(row: ListedRow, *, live: bool, at: datetime) -> Payment | None:
    """The payment to claim; None when the row names no sum that could have been charged.

    What moved no money is settled at once; of what is paid a human decides what it was for. It has no order of ours,
    whatever the gateway calls its order: another system on the account may count its orders as our shop does, and
    would lock, or pay for, an order that is none of its business. Its evidence keeps that id.
    """
    transaction = row.transaction
    amount = whole(transaction.amount)
    if amount is None or amount <= 0 or transaction.currency is None:
        return None
    claimed = intent(
        orphan_id_of(transaction.transaction_id),
        fingerprint="",
        money=Money(amount, transaction.currency),
        live=live,
        order_id=None,
        card=None,
        at=at,
        source="reconciliation",
    )
    claimed = replace(claimed, created_at=min(row.created_at or at, at))
    evidence: Evidence = {**evidence_of(transaction), "discrepancy": "orphan", "order_id": row.order_id or ""}
    to = transaction.verdict if transaction.verdict in FREES_THE_ORDER else Status.NEEDS_REVIEW
    failure = (
        _UNKNOWN
        if to is Status.NEEDS_REVIEW
        else Failure(FAILURE_CODES[to], f"the gateway says {transaction.raw_status}")
    )
    adopted = claimed.transition_to(
        to,
        at=at,
        source="reconciliation",
        evidence=evidence,
        transaction_id=transaction.transaction_id,
        failure=failure,
    )
    return apply_flags(adopted, transaction, "reconciliation", at)
