"""Unlisted: a payment that the gateway's list has not shown, step by step: skip? → ask → resolve → describe."""

from dataclasses import dataclass, field, replace

from payments.model.gateway_transaction import GatewayTransaction
from payments.model.payment import Payment
from payments.model.status import Status
from payments.outcome.record import update
from payments.ports.gateway import UnknownToGateway
from payments.ports.ledger import Released
from payments.reconciliation.comparison import reviewed_kinds
from payments.reconciliation.discrepancy import Discrepancy, discrepancy_of
from payments.reconciliation.resolution import Actions, Resolver
from payments.reconciliation.totals import whole_minor_units


@dataclass(frozen=True, slots=True)
class Outcome:
    """The payment as it then stands. `is_done`: it leaves the index of unlisted payments.

    `discrepancies`: its lines in the report. `is_counted`: it counts in our column of the totals.
    """

    payment: Payment
    is_done: bool
    discrepancies: tuple[Discrepancy, ...] = ()
    is_counted: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """The status API's answer. `transaction` is None if there is no answer or the API was not asked.

    `is_unknown`: the status API has no such payment.
    """

    transaction: GatewayTransaction | None = None
    is_unknown: bool = False


@dataclass(frozen=True, slots=True)
class UnlistedResolution:
    """A payment after the answer was recorded. `is_done`: it leaves the index of unlisted payments."""

    payment: Payment
    is_done: bool
    actions: Actions = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UnlistedReconciler:
    """The use case with what it needs."""

    resolver: Resolver

    def reconcile(self, payment: Payment) -> Outcome:
        """Reconciles one payment. Raises OutOfTime."""
        skipped = self.skip(payment)
        if skipped is not None:
            return skipped
        answer = self.ask(payment)
        try:
            resolution = self.resolve(payment, answer)
        except Released:  # the claim was deleted meanwhile, and its entry in the index with it
            return Outcome(payment, is_done=False)
        return self.describe(resolution, answer)

    def skip(self, payment: Payment) -> Outcome | None:
        """The outcome of a payment that the list need not show; None for any other."""
        if payment.live != self.resolver.live or self.resolver.is_in_flight(payment):
            return Outcome(payment, is_done=False)
        if payment.status is Status.FAILED and payment.transaction_id is None:
            return Outcome(payment, is_done=True)  # refused, or never sent: no money moved, so no list shows it
        return None

    def ask(self, payment: Payment) -> Answer:
        """The status API's answer. A payment that succeeded within the hour is not asked about: the list may lag."""
        if payment.status is Status.SUCCEEDED and self.resolver.changed_recently(payment):
            return Answer()
        try:
            return Answer(self.resolver.confirmation.ask(payment))
        except UnknownToGateway:
            return Answer(is_unknown=True)

    def resolve(self, payment: Payment, answer: Answer) -> UnlistedResolution:
        """Records the answer. Raises Released."""
        if answer.is_unknown:
            return self.resolve_unknown(payment)
        if answer.transaction is None:
            return UnlistedResolution(payment, is_done=False, actions={"unconfirmed": "none"})
        return self.resolve_known(payment, answer.transaction)

    def resolve_unknown(self, payment: Payment) -> UnlistedResolution:
        """A payment that neither list nor status API knows.

        A paid one is reviewed if it was unknown on an earlier day, too. Unknown on a single day may only mean that the
        keys of another account were configured.
        """
        actions: Actions = {"unknown_to_gateway": "none"}
        if payment.status is not Status.SUCCEEDED:
            return UnlistedResolution(payment, is_done=not payment.is_open, actions=actions)
        after, missing_since = payment, payment.follow_up.missing_since
        if missing_since is None:
            self.resolver.confirmation.count_contradiction()
            after = update(payment, self._mark_missing, self.resolver.ledger, self.resolver.telemetry)
        elif missing_since.date() < self.resolver.clock().date():
            after = self.resolver.review(payment, ("unknown_to_gateway",), None)
        is_reviewed = "unknown_to_gateway" in reviewed_kinds(after)
        return UnlistedResolution(after, is_reviewed or after.status is not Status.SUCCEEDED, actions)

    def resolve_known(self, payment: Payment, transaction: GatewayTransaction) -> UnlistedResolution:
        """A payment that the status API knows, though the list does not show it."""
        resolution = self.resolver.resolve_answer(payment, transaction)
        if resolution.payment.status is Status.SUCCEEDED:
            self.resolver.confirmation.count_contradiction()  # list and status API contradict each other
        actions = {**resolution.actions, "not_listed": "none"}
        return UnlistedResolution(resolution.payment, is_done=True, actions=actions)

    def describe(self, resolution: UnlistedResolution, answer: Answer) -> Outcome:
        """The payment's lines in the report; the gateway's side of a line is the status API's answer."""
        payment = resolution.payment
        actions = self.resolver.discrepancies(payment, resolution.actions)
        lines = [discrepancy_of(kind, action, payment, None) for kind, action in actions.items()]
        if answer.transaction is not None:
            lines = [_with_gateway_side(line, answer.transaction) for line in lines]
        return Outcome(payment, resolution.is_done, tuple(lines), is_counted=True)

    def _mark_missing(self, payment: Payment) -> Payment:
        if payment.status is not Status.SUCCEEDED:
            return payment
        return replace(payment, follow_up=replace(payment.follow_up, missing_since=self.resolver.clock()))


def _with_gateway_side(line: Discrepancy, transaction: GatewayTransaction) -> Discrepancy:
    return replace(
        line,
        status_gateway=transaction.raw_status,
        amount_gateway=whole_minor_units(transaction.amount),
        currency_gateway=transaction.currency,
    )
