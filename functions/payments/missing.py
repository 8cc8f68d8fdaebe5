"""Missing: a payment of ours that the gateway's list has not shown. Its status API is asked before anything is said."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from payments.books import whole
from payments.errors import Released, UnknownToGateway
from payments.findings import Finding, Kind
from payments.payment import Payment
from payments.reports import Report
from payments.statuses import Status
from payments.weighing import Told, Weighing, line

IN_FLIGHT: Final = timedelta(hours=1)
"""An open payment younger than this may still be on its way there: reconcile has it, and the sweep leaves it alone."""


@dataclass(frozen=True, slots=True)
class Looked:
    """The payment as it then stands; whether it is to leave the index; what there is to tell; whether it counts."""

    payment: Payment
    is_done: bool
    findings: tuple[Finding, ...] = ()
    is_counted: bool = False


@dataclass(frozen=True, slots=True)
class Missing:
    """The use case with what it needs."""

    weighing: Weighing

    def look(self, payment: Payment) -> Looked:
        """Asks about one payment and settles what comes of it. Raises OutOfTime."""
        if payment.live != self.weighing.live or self._is_in_flight(payment):
            return Looked(payment, is_done=False)
        if payment.status is Status.FAILED and payment.transaction_id is None:
            return Looked(payment, is_done=True)  # refused, or never sent: nothing was taken, so nothing is listed
        try:
            answer = self.weighing.confirming.ask(payment)
        except UnknownToGateway:
            return self._unknown(payment)
        if answer is None:
            return self._told(payment, {"unconfirmed": "none"}, is_done=False)
        return self._known(payment, answer)

    def _is_in_flight(self, payment: Payment) -> bool:
        return payment.is_open and self.weighing.clock() - payment.created_at < IN_FLIGHT

    def _unknown(self, payment: Payment) -> Looked:
        kind: Kind = "unknown_to_gateway"
        after = payment
        if payment.status is Status.SUCCEEDED:
            after = self.weighing.reviewed(payment, (kind,), None)
        return self._told(after, {kind: "none"}, is_done=not after.is_open)

    def _known(self, payment: Payment, answer: Report) -> Looked:
        try:
            after, told = self.weighing.contradicted(payment, answer)
        except Released:
            return Looked(payment, is_done=False)  # it was taken back meanwhile, and its mark with it
        return self._told(after, {**told, "not_listed": "none"}, is_done=True, answer=answer)

    def _told(self, payment: Payment, told: Told, *, is_done: bool, answer: Report | None = None) -> Looked:
        findings = [line(kind, action, payment, None) for kind, action in self.weighing.findings(payment, told)]
        if answer is not None:
            amount = whole(answer.amount)
            findings = [
                replace(each, status_gateway=answer.said, amount_gateway=amount, currency_gateway=answer.currency)
                for each in findings
            ]
        return Looked(payment, is_done, tuple(findings), is_counted=True)
