"""Listed: one row of the gateway's list, step by step: match → compare → confirm → compare → resolve → describe.

A row changes nothing by itself. The status API is asked about each change and each difference, its answer is recorded,
and a difference that remains goes to a reviewer. A row may be reconciled twice, after a page was cut off: discrepancies
are derived from the payment's history, so the second time finds the same ones.
"""

from dataclasses import dataclass, replace

from payments.model.gateway_transaction import GatewayTransaction
from payments.model.integrity import mismatched_fields
from payments.model.payment import Payment
from payments.model.status import FREES_THE_ORDER, Status
from payments.ports.ledger import Released
from payments.reconciliation.comparison import (
    Comparison,
    compare,
    is_paid_under_unknown_status,
    is_unpaid_under_another_status,
    leaves_difference_open,
)
from payments.reconciliation.discrepancy import Discrepancy, discrepancy_of
from payments.reconciliation.matching import Match
from payments.reconciliation.orphan import adopt
from payments.reconciliation.resolution import Resolution, Resolver
from payments.reconciliation.transaction_list import ListedRow


@dataclass(frozen=True, slots=True)
class Outcome:
    """The payment as the row leaves it, None when the row has none, and the row's lines in the report."""

    payment: Payment | None
    discrepancies: list[Discrepancy]


@dataclass(frozen=True, slots=True)
class ListedReconciler:
    """The use case with what it needs."""

    resolver: Resolver

    def reconcile(self, match: Match) -> Outcome:
        """Reconciles one row. Raises OutOfTime."""
        row = match.row
        try:
            others, resolution = self.resolve_matched(match)
        except Released:  # our claim was deleted meanwhile, as nothing had been sent; yet the gateway lists the payment
            others, resolution = [], None
        if resolution is None:
            adopted = adopt(row, self.resolver)
            if isinstance(adopted, Discrepancy):
                return Outcome(None, [*others, adopted])
            resolution = self.resolve(row, adopted)
        resolution = self.review_suspicious(row, resolution)
        return Outcome(resolution.payment, [*others, *self.describe(row, resolution)])

    # ---------------------------------------------------------------- match

    def resolve_matched(self, match: Match) -> tuple[list[Discrepancy], Resolution | None]:
        """The resolution of the matched payment; None when the row is about no payment of ours: then it is an orphan.

        And the line about our other payment, which was sent under the row's order id, if there is one to report.
        """
        others = self.review_other_payment(match.row, match.other_payment) if match.other_payment else []
        if match.payment is None:
            return others, None
        resolution = self.resolve(match.row, match.payment)
        if not resolution.is_another_transaction:
            return others, resolution
        return self.review_other_payment(match.row, resolution.payment), None

    def review_other_payment(self, row: ListedRow, ours: Payment) -> list[Discrepancy]:
        """Another transaction seems to have paid our payment's order. Review keeps the order locked."""
        listed = row.transaction
        is_paid = listed.verdict is Status.SUCCEEDED and not (listed.refunded or listed.charged_back)
        is_same_money = listed.amount == ours.money.amount and listed.currency == ours.money.currency
        if not is_paid or not is_same_money:
            return []
        after = ours
        if ours.is_open or ours.status in FREES_THE_ORDER:
            after = self.resolver.review(ours, ("other_transaction",), listed)
        actions = self.resolver.discrepancies(after, {})
        if after.is_open or after.status in FREES_THE_ORDER:
            actions["other_transaction"] = "none"
        if "other_transaction" not in actions:
            return []
        line = discrepancy_of("other_transaction", actions["other_transaction"], after, None)
        return [replace(line, transaction_id=listed.transaction_id)]

    # ------------------------------------- compare → confirm → compare → resolve

    def resolve(self, row: ListedRow, payment: Payment) -> Resolution:
        """Compares a payment with its row, asks the status API about the differences, and records its answer."""
        comparison = compare(payment, row.transaction, self.resolver.clock())
        if comparison.agrees:
            return self.resolve_agreement(comparison)
        answer = self.confirm(comparison)
        if answer is None:
            return _unconfirmed(comparison)
        if answer.transaction_id != row.transaction.transaction_id:
            return self.resolve_another_transaction(comparison, answer)
        return self.resolve_answer(comparison, answer)

    def resolve_agreement(self, comparison: Comparison) -> Resolution:
        """Row and payment agree. The payment gets the transaction id, unless it is in review.

        In review the transaction id stays empty: the reviewer decides which transaction is ours.
        """
        payment = comparison.payment
        if payment.status is not Status.NEEDS_REVIEW:
            payment = self.resolver.assign_transaction_id(payment, comparison.listed)
        return _resolution(comparison, payment)

    def confirm(self, comparison: Comparison) -> GatewayTransaction | None:
        """The status API's answer. None if it gives none.

        It is not asked either if a review would follow and the payment changed within the last hour.
        """
        if comparison.calls_for_review and self.resolver.changed_recently(comparison.payment):
            return None
        return self.resolver.confirmation.confirm(comparison.payment)

    def resolve_another_transaction(self, comparison: Comparison, answer: GatewayTransaction) -> Resolution:
        """The status API names another transaction as our payment: the row is a second one under the order."""
        payment = comparison.payment
        if payment.transaction_id or mismatched_fields(payment, answer) or self.resolver.is_in_flight(payment):
            self.resolver.confirmation.count_contradiction()
            return _unconfirmed(comparison)
        after = self.resolver.resolve_answer(payment, answer).payment
        return Resolution(self.resolver.assign_transaction_id(after, answer), is_another_transaction=True)

    def resolve_answer(self, comparison: Comparison, answer: GatewayTransaction) -> Resolution:
        """Records the status API's answer and compares again: if the row still differs, the answer contradicts it."""
        listed = comparison.listed
        answered = self.resolver.resolve_answer(comparison.payment, answer)
        payment = self.resolver.assign_transaction_id(answered.payment, answer)
        resolution = _resolution(comparison, payment).with_actions(answered.actions)
        if compare(payment, listed, self.resolver.clock()).agrees:
            return resolution
        self.resolver.confirmation.count_contradiction()
        if "unconfirmed" in resolution.actions:
            return resolution
        is_open = self.resolver.changed_recently(payment) or leaves_difference_open(payment, listed, answer)
        return resolution.with_actions({"unconfirmed" if is_open else "list_disagrees": "none"})

    def review_suspicious(self, row: ListedRow, resolution: Resolution) -> Resolution:
        """A paid payment that the gateway marks as suspicious is reviewed, once.

        An open payment has no verdict yet; a later run looks again.
        """
        payment = resolution.payment
        if row.suspicious_at is None or payment.status is Status.NEEDS_REVIEW:
            return resolution
        if payment.status is not Status.SUCCEEDED:
            return resolution.with_actions({"suspicious": "none"})
        after = self.resolver.review(payment, ("suspicious",), row.transaction)
        return (
            replace(resolution, payment=after)
            if after is not payment
            else resolution.with_actions({"suspicious": "none"})
        )

    # -------------------------------------------------------------- describe

    def describe(self, row: ListedRow, resolution: Resolution) -> list[Discrepancy]:
        """The row's lines in the report."""
        payment, listed = resolution.payment, row.transaction
        if is_unpaid_under_another_status(payment, listed):
            resolution = resolution.with_actions({"status_differs": "none"})
        if is_paid_under_unknown_status(payment, listed):
            resolution = resolution.with_actions({"unknown_status": "none"})
        actions = self.resolver.discrepancies(payment, resolution.actions)
        if not actions and payment.status is Status.NEEDS_REVIEW:
            actions["undecided"] = "none"  # it counts on the gateway's side alone, and each difference has its line
        if listed.verdict is not Status.SUCCEEDED:
            # The paid transaction's row already has this line. This row counts in neither column of the totals.
            actions.pop("other_transaction", None)
        return [discrepancy_of(kind, action, payment, row) for kind, action in actions.items()]


def _resolution(comparison: Comparison, payment: Payment) -> Resolution:
    """The payment with the differences that a reviewer has seen: they are reported again, without an action."""
    return Resolution(payment, dict.fromkeys(comparison.reviewed, "none"))


def _unconfirmed(comparison: Comparison) -> Resolution:
    """The payment as it is: the status API did not confirm the row."""
    return _resolution(comparison, comparison.payment).with_actions({"unconfirmed": "none"})
