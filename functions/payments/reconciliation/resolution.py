"""Judging: what the reconciliation does to a payment of ours. It settles what the status API says, names it, calls a human.

Nothing is done on the list's word alone, and nothing to what has just happened: both of its books may lag behind it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from payments.model.gateway_transaction import GatewayTransaction
from payments.model.history import Evidence, Failure
from payments.model.integrity import mismatched_fields
from payments.model.payment import Payment
from payments.model.status import Status
from payments.outcome.apply import apply, is_decided_by_hand
from payments.outcome.record import record, update
from payments.ports.ledger import OrderLock, OutcomeLedger
from payments.ports.runtime import Clock, Telemetry
from payments.reconciliation.comparison import acted_on, differences, flagged, is_fresh, told_by
from payments.reconciliation.confirmation import Confirmation
from payments.reconciliation.discrepancy import NOTES, Action, DiscrepancyKind
from payments.reconciliation.totals import whole

Told = dict[DiscrepancyKind, Action]

IN_FLIGHT: Final = timedelta(hours=1)
"""An open payment younger than this may still be on its way there: its own answer names it, or the follow-up."""


class WeighingLedger(OutcomeLedger, Protocol):
    """What weighing needs of the table."""

    def claim(self, payment: Payment, order: OrderLock | None) -> Payment | None:
        """See `ClaimLedger.claim`."""


@dataclass(frozen=True, slots=True)
class Judging:
    """What it needs. `since`: when the reconciliation began, so that its own entries are told as discrepancies."""

    ledger: WeighingLedger
    confirmation: Confirmation
    clock: Clock
    telemetry: Telemetry
    live: bool
    since: datetime

    def contradicted(self, payment: Payment, answer: GatewayTransaction) -> tuple[Payment, Told]:
        """A payment after what the status API says of it: news is settled, a difference goes to a human, once."""
        settled = self._settled(payment, answer)
        found, seen = differences(settled, answer), acted_on(settled, answer)
        told: Told = dict.fromkeys((kind for kind in found if kind in seen), "none")
        after = self.reviewed(settled, found, answer)
        if after is settled and len(told) < len(found):
            told["unconfirmed"] = "none"
        return after, told

    def reviewed(
        self, payment: Payment, found: tuple[DiscrepancyKind, ...], transaction: GatewayTransaction | None
    ) -> Payment:
        """The payment in review for what was found; the very same object when a human has seen it, or it is spared."""
        self.telemetry.about(payment.id, payment.order_id, payment.transaction_id)

        def change(current: Payment) -> Payment:
            if current.status is not payment.status:
                return current
            return in_review(current, found, transaction, self.clock())

        if change(payment) is payment or self.is_fresh(payment) or not self.confirmation.has_budget():
            return payment
        after = update(payment, change, self.ledger, self.telemetry)
        self.confirmation.doubt()
        return after

    def named(self, payment: Payment, transaction: GatewayTransaction) -> Payment:
        """The payment under its transaction's id: another one for the same order is then another payment.

        Not one that contradicts it, and not while its own answer is still to come.
        """
        if payment.transaction_id or mismatched_fields(payment, transaction) or self.is_in_flight(payment):
            return payment

        def change(current: Payment) -> Payment:
            return current if current.transaction_id else replace(current, transaction_id=transaction.transaction_id)

        return update(payment, change, self.ledger, self.telemetry)

    def discrepancies(self, payment: Payment, standing: Told) -> Iterator[tuple[DiscrepancyKind, Action]]:
        """What this reconciliation has written into a payment's history, and what stands without a trace in it."""
        told: Told = {}
        for entry in payment.history:
            if entry.source == "reconciliation" and entry.at >= self.since:
                told.update(told_by(payment, entry))
        return iter({**standing, **told}.items())

    def is_fresh(self, payment: Payment) -> bool:
        """Whether something has happened to it of which the gateway's books need not know yet."""
        return is_fresh(payment, self.clock())

    def is_in_flight(self, payment: Payment) -> bool:
        """Whether it may still be on its way there."""
        return payment.is_open and self.clock() - payment.created_at < IN_FLIGHT

    def _settled(self, payment: Payment, answer: GatewayTransaction) -> Payment:
        """The payment after the news in an answer. What changes nothing is not even noted: it would be every day."""
        if is_decided_by_hand(payment):
            return update(payment, lambda now: flagged(now, answer, self.clock()), self.ledger, self.telemetry)
        heard = apply(payment, answer, "reconciliation", self.clock())
        to_review = heard.status is Status.NEEDS_REVIEW and heard.status is not payment.status
        if heard is payment or (to_review and self.is_fresh(payment)):
            return payment
        after = record(payment, answer, "reconciliation", self.ledger, self.clock, self.telemetry)
        if to_review:
            self.confirmation.doubt()
        return after


def in_review(
    payment: Payment, found: Iterable[DiscrepancyKind], transaction: GatewayTransaction | None, at: datetime
) -> Payment:
    """The payment in review for what nobody has looked at yet; the very same object when there is nothing of it."""
    seen = acted_on(payment, transaction)
    fresh = [kind for kind in found if kind not in seen]
    if not fresh or not payment.may_become(Status.NEEDS_REVIEW):
        return payment
    evidence = {"discrepancy": ",".join(fresh), **(_said(payment, transaction) if transaction else {})}
    failure = Failure(fresh[0], " ".join(NOTES[kind] for kind in fresh))
    return payment.transition_to(
        Status.NEEDS_REVIEW, at=at, source="reconciliation", evidence=evidence, failure=failure
    )


def _said(payment: Payment, transaction: GatewayTransaction) -> Evidence:
    if payment.transaction_id not in (None, transaction.transaction_id):
        return {"other_transaction_id": transaction.transaction_id}  # its word is not one about this payment
    amount = whole(transaction.amount)
    told = {
        "gateway_status": transaction.raw_status,
        "transaction_id": transaction.transaction_id,
        "currency": transaction.currency,
    }
    return {
        **{name: value for name, value in told.items() if value is not None},
        **({} if amount is None else {"amount": amount}),
    }
