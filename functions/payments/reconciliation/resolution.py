"""Resolution: the reconciliation records the status API's answer in a payment of ours, or puts it into review.

Nothing changes because of the list alone. A payment that changed recently is not reviewed: list and status API may lag.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
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
from payments.reconciliation.comparison import (
    apply_matching_flags,
    changed_recently,
    differences,
    discrepancies_in,
    reviewed_kinds,
)
from payments.reconciliation.confirmation import Confirmation
from payments.reconciliation.discrepancy import NOTES, Action, DiscrepancyKind
from payments.reconciliation.totals import whole_minor_units

Actions = Mapping[DiscrepancyKind, Action]
"""Each discrepancy of a payment, and what the reconciliation did about it."""

IN_FLIGHT: Final = timedelta(hours=1)
"""An open payment younger than this may still be on its way to the gateway. The answer to its charge, or the follow-up,
gives it its transaction id."""


class ResolutionLedger(OutcomeLedger, Protocol):
    """What resolution needs of the table."""

    def claim(self, payment: Payment, lock: OrderLock | None) -> Payment | None:
        """See `ClaimLedger.claim`."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """A payment after the reconciliation has dealt with it, and the discrepancies that left no trace in its history.

    `is_another_transaction`: the status API names another transaction as this payment, so the row is not about it.
    """

    payment: Payment
    actions: Actions = field(default_factory=dict)
    is_another_transaction: bool = False

    def with_actions(self, actions: Actions) -> "Resolution":
        """The same resolution with more discrepancies."""
        return replace(self, actions={**self.actions, **actions})


@dataclass(frozen=True, slots=True)
class Resolver:
    """The changes to a payment, with what they need. `since`: the report includes the history entries from then on."""

    ledger: ResolutionLedger
    confirmation: Confirmation
    clock: Clock
    telemetry: Telemetry
    live: bool
    since: datetime

    def resolve_answer(self, payment: Payment, answer: GatewayTransaction) -> Resolution:
        """Records the status API's answer. A difference that remains puts the payment into review, once."""
        recorded = self._record(payment, answer)
        found, reviewed = differences(recorded, answer), reviewed_kinds(recorded, answer)
        actions: dict[DiscrepancyKind, Action] = dict.fromkeys((kind for kind in found if kind in reviewed), "none")
        after = self.review(recorded, found, answer)
        if after is recorded and len(actions) < len(found):
            actions["unconfirmed"] = "none"
        return Resolution(after, actions)

    def review(
        self, payment: Payment, kinds: tuple[DiscrepancyKind, ...], transaction: GatewayTransaction | None
    ) -> Payment:
        """The payment in review for these discrepancies.

        The very same object when a reviewer has seen them, when the payment changed recently, or when the contradiction
        budget is spent.
        """
        self.telemetry.about(payment.id, payment.order_id, payment.transaction_id)

        def change(current: Payment) -> Payment:
            if current.status is not payment.status:
                return current
            return in_review(current, kinds, transaction, self.clock())

        if change(payment) is payment or self.changed_recently(payment) or not self.confirmation.has_budget():
            return payment
        after = update(payment, change, self.ledger, self.telemetry)
        self.confirmation.count_contradiction()
        return after

    def assign_transaction_id(self, payment: Payment, transaction: GatewayTransaction) -> Payment:
        """The payment with its transaction's id, so that another transaction for the same order is another payment.

        The id stays empty while the transaction contradicts the payment, or while the payment's own answer is to come.
        """
        if payment.transaction_id or mismatched_fields(payment, transaction) or self.is_in_flight(payment):
            return payment

        def change(current: Payment) -> Payment:
            if current.transaction_id:
                return current
            # What the gateway lists has arrived: it may not count as never arrived if the status API loses it later.
            arrived = current.with_transaction_id(transaction.transaction_id)
            return replace(arrived, transaction_id=transaction.transaction_id)

        return update(payment, change, self.ledger, self.telemetry)

    def discrepancies(self, payment: Payment, untraced: Actions) -> dict[DiscrepancyKind, Action]:
        """The discrepancies that are in the payment's history since `since`, and those that left no trace there."""
        traced: dict[DiscrepancyKind, Action] = {}
        for entry in payment.history:
            if entry.source == "reconciliation" and entry.at >= self.since:
                traced.update(discrepancies_in(payment, entry))
        return {**untraced, **traced}

    def changed_recently(self, payment: Payment) -> bool:
        """See `comparison.changed_recently`, as of now."""
        return changed_recently(payment, self.clock())

    def is_in_flight(self, payment: Payment) -> bool:
        """Whether an open payment is so young that it may still be on its way to the gateway."""
        return payment.is_open and self.clock() - payment.created_at < IN_FLIGHT

    def _record(self, payment: Payment, answer: GatewayTransaction) -> Payment:
        """The payment with the answer recorded. An answer that changes nothing is not logged."""
        if is_decided_by_hand(payment):
            return update(
                payment,
                lambda current: apply_matching_flags(current, answer, self.clock()),
                self.ledger,
                self.telemetry,
            )
        applied = apply(payment, answer, "reconciliation", self.clock())
        to_review = applied.status is Status.NEEDS_REVIEW and applied.status is not payment.status
        if applied is payment or (to_review and self.changed_recently(payment)):
            return payment
        after = record(payment, answer, "reconciliation", self.ledger, self.clock, self.telemetry)
        if to_review:
            self.confirmation.count_contradiction()
        return after


def in_review(
    payment: Payment, kinds: Iterable[DiscrepancyKind], transaction: GatewayTransaction | None, at: datetime
) -> Payment:
    """The payment in review for the kinds that no reviewer has seen yet; the very same object when there is none."""
    reviewed = reviewed_kinds(payment, transaction)
    fresh = [kind for kind in kinds if kind not in reviewed]
    if not fresh or not payment.may_become(Status.NEEDS_REVIEW):
        return payment
    evidence = {"discrepancy": ",".join(fresh), **(_evidence(payment, transaction) if transaction else {})}
    failure = Failure(fresh[0], " ".join(NOTES[kind] for kind in fresh))
    return payment.transition_to(
        Status.NEEDS_REVIEW, at=at, source="reconciliation", evidence=evidence, failure=failure
    )


def _evidence(payment: Payment, transaction: GatewayTransaction) -> Evidence:
    if payment.transaction_id not in (None, transaction.transaction_id):
        # The status of another transaction is no evidence about this payment.
        return {"other_transaction_id": transaction.transaction_id}
    amount = whole_minor_units(transaction.amount)
    fields = {
        "gateway_status": transaction.raw_status,
        "transaction_id": transaction.transaction_id,
        "currency": transaction.currency,
    }
    return {
        **{name: value for name, value in fields.items() if value is not None},
        **({} if amount is None else {"amount": amount}),
    }
