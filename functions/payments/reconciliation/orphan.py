"""Orphan: a transaction that we have no record of becomes a payment of ours."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from payments.model.history import Evidence, Failure
from payments.model.identifiers import orphan_id_of
from payments.model.money import Money
from payments.model.payment import Payment, intent
from payments.model.status import FREES_THE_ORDER, Status
from payments.outcome.apply import FAILURE_CODES, apply_flags, evidence_of
from payments.reconciliation.comparison import has_verdict
from payments.reconciliation.discrepancy import Discrepancy, discrepancy_of
from payments.reconciliation.resolution import Resolver
from payments.reconciliation.totals import whole_minor_units
from payments.reconciliation.transaction_list import ListedRow

_UNKNOWN: Final = Failure("orphan", "the gateway lists a transaction that we have no record of")


def adopt(row: ListedRow, resolver: Resolver) -> Payment | Discrepancy:
    """The payment that a row becomes, or has become in an earlier run.

    Returns a line for the report, and adopts nothing, in three cases: the transaction has no verdict yet (a later run
    looks again); the row cannot be adopted; a review is needed but the contradiction budget is spent.
    """
    if not has_verdict(row.transaction):
        return discrepancy_of("orphan", "none", None, row)
    orphan = orphan_of(row, live=resolver.live, at=resolver.clock())
    if orphan is None:
        return discrepancy_of("unreadable_row", "none", None, row)
    needs_review = orphan.status is Status.NEEDS_REVIEW
    if needs_review and not resolver.confirmation.has_budget():
        return discrepancy_of("orphan", "none", None, row)
    adopted = _claim(orphan, resolver)
    if needs_review:
        resolver.confirmation.count_contradiction()
    return adopted


def orphan_of(row: ListedRow, *, live: bool, at: datetime) -> Payment | None:
    """The payment to claim; None when the row has no amount that could have been charged. Pure.

    A transaction that moved no money is recorded with its status. A paid one is put into review: a person finds out
    what it was for. The payment has no order of ours, whatever order id the gateway shows: another system on
    the account may number its orders as our shop does, and would lock, or pay for, an order that is not its own. The
    evidence keeps that id.
    """
    transaction = row.transaction
    amount = whole_minor_units(transaction.amount)
    if amount is None or amount <= 0 or transaction.currency is None:
        return None
    claimed = intent(
        orphan_id_of(transaction.transaction_id, live=live),
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


def _claim(orphan: Payment, resolver: Resolver) -> Payment:
    resolver.telemetry.about(orphan.id, orphan.order_id, orphan.transaction_id)
    standing = resolver.ledger.claim(orphan, None)
    if standing is not None:
        return standing
    for entry in orphan.history[1:]:
        resolver.telemetry.note(f"payment_{entry.name}", payment_id=orphan.id, status=entry.status, source=entry.source)
    return orphan
