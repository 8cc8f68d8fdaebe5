"""Missing: a payment of ours that the gateway's list has not shown. Its status API is asked before anything is said."""

from dataclasses import dataclass, replace

from payments.model.gateway_transaction import GatewayTransaction
from payments.model.payment import Payment
from payments.model.status import Status
from payments.outcome.record import update
from payments.ports.gateway import UnknownToGateway
from payments.ports.ledger import Released
from payments.reconciliation.comparison import acted_on
from payments.reconciliation.discrepancy import Discrepancy, line
from payments.reconciliation.resolution import Judging, Told
from payments.reconciliation.totals import whole


@dataclass(frozen=True, slots=True)
class Looked:
    """The payment as it then stands; whether it is to leave the index; what there is to tell; whether it counts."""

    payment: Payment
    is_done: bool
    discrepancies: tuple[Discrepancy, ...] = ()
    is_counted: bool = False


@dataclass(frozen=True, slots=True)
class Missing:
    """The use case with what it needs."""

    judging: Judging

    def look(self, payment: Payment) -> Looked:
        """Asks about one payment and settles what comes of it. Raises OutOfTime."""
        if payment.live != self.judging.live or self.judging.is_in_flight(payment):
            return Looked(payment, is_done=False)
        if payment.status is Status.FAILED and payment.transaction_id is None:
            return Looked(payment, is_done=True)  # refused, or never sent: nothing was taken, so nothing is listed
        if payment.status is Status.SUCCEEDED and self.judging.is_fresh(payment):
            return self._told(payment, {"unconfirmed": "none"}, is_done=False)
        try:
            answer = self.judging.confirmation.ask(payment)
        except UnknownToGateway:
            return self._unknown(payment)
        if answer is None:
            return self._told(payment, {"unconfirmed": "none"}, is_done=False)
        return self._known(payment, answer)

    def _unknown(self, payment: Payment) -> Looked:
        """A paid one goes to a human when it was unknown on an earlier day, too: today's keys may be another's."""
        told: Told = {"unknown_to_gateway": "none"}
        if payment.status is not Status.SUCCEEDED:
            return self._told(payment, told, is_done=not payment.is_open)
        after, since = payment, payment.follow_up.missing_since
        if since is None:
            self.judging.confirmation.doubt()
            after = update(payment, self._missed, self.judging.ledger, self.judging.telemetry)
        elif since.date() < self.judging.clock().date():
            after = self.judging.reviewed(payment, ("unknown_to_gateway",), None)
        is_seen = "unknown_to_gateway" in acted_on(after)
        return self._told(after, told, is_done=is_seen or after.status is not Status.SUCCEEDED)

    def _missed(self, payment: Payment) -> Payment:
        if payment.status is not Status.SUCCEEDED:
            return payment
        return replace(payment, follow_up=replace(payment.follow_up, missing_since=self.judging.clock()))

    def _known(self, payment: Payment, answer: GatewayTransaction) -> Looked:
        try:
            after, told = self.judging.contradicted(payment, answer)
        except Released:
            return Looked(payment, is_done=False)  # it was taken back meanwhile, and its mark with it
        if after.status is Status.SUCCEEDED:
            self.judging.confirmation.doubt()  # which of the gateway's books is right nobody knows
        return self._told(after, {**told, "not_listed": "none"}, is_done=True, answer=answer)

    def _told(self, payment: Payment, told: Told, *, is_done: bool, answer: GatewayTransaction | None = None) -> Looked:
        discrepancies = [
            line(kind, action, payment, None) for kind, action in self.judging.discrepancies(payment, told)
        ]
        if answer is not None:
            amount = whole(answer.amount)
            discrepancies = [
                replace(each, status_gateway=answer.raw_status, amount_gateway=amount, currency_gateway=answer.currency)
                for each in discrepancies
            ]
        return Looked(payment, is_done, tuple(discrepancies), is_counted=True)
