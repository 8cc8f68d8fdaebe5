"""Refunds a payment: records the attempt, sends it once, records the outcome.

A refund in doubt is never sent again: the follow-up queries the gateway until the outcome is known.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from payments.errors import GatewayUnreachable, IdempotencyKeyReused
from payments.model import refund as refunds
from payments.model.follow_up import IN_DOUBT_ASK, MIN_SEND_SECONDS, Answered, RefundAttempt
from payments.model.history import Evidence, Failure
from payments.model.integrity import denies_refund
from payments.model.payment import Payment
from payments.model.supersession import owes_refund
from payments.outcome.record import record, record_refund, update
from payments.outcome.status_query import ASK_SECONDS, ask
from payments.ports.gateway import (
    AlreadyChargedBack,
    AlreadyRefunded,
    CredentialsRefused,
    Gateway,
    GatewayError,
    NoAnswer,
    NotSent,
    Refused,
)
from payments.ports.ledger import OutcomeLedger
from payments.ports.runtime import Clock, Telemetry
from payments.refunding.eligibility import NotOwed, NotRefundable, check_refundable
from payments.refunding.request import RefundRequest

CHARGED_BACK: Final = "already_charged_back"


@dataclass(frozen=True, slots=True)
class Refunded:
    """The payment in its present state. `replayed`: the request is a retry, and nothing was sent for it.

    `failure`: the failure code of this request if another request came after it; None if this one is the last.
    """

    payment: Payment
    replayed: bool = False
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class Refunding:
    """The use case with its dependencies. `nonce`: a new random text at each call."""

    ledger: OutcomeLedger
    gateway: Gateway
    clock: Clock
    telemetry: Telemetry
    nonce: Callable[[], str] = lambda: uuid4().hex

    def refund(self, payment: Payment, request: RefundRequest, seconds: float) -> Refunded:
        """Refunds the whole amount at most once, however many requests come. The gateway gets `seconds` to answer.

        Raises NotRefundable, IdempotencyKeyReused, GatewayUnreachable, SecretUnusable; nothing was sent in any of them.
        """
        until = self.clock() + timedelta(seconds=seconds)
        self.telemetry.about(payment.id, payment.order_id, payment.transaction_id)
        if (earlier := _earlier_result(payment, request)) is not None:
            return earlier
        check_refundable(payment)
        if payment.live != self.gateway.live:
            raise NotRefundable("other_mode", payment)
        self._ensure_ready()
        attempt = RefundAttempt(request.id_for(payment), self.nonce(), self.clock(), principal=request.caller)
        claimed = self._update(payment, attempt, lambda current: _with_attempt(current, request, attempt))
        if _has_other_attempt(claimed, attempt):
            return _earlier_result(claimed, request) or Refunded(claimed, replayed=True)
        if not claimed.awaits_refund:
            return Refunded(claimed)  # a query has shown the refund at the gateway before we sent ours
        return Refunded(self._submit(claimed, attempt, request.reason, until))

    def _ensure_ready(self) -> None:
        try:
            self.gateway.ensure_ready()
        except NotSent as error:
            self.telemetry.note("refund_not_sent", error=type(error).__name__)
            raise GatewayUnreachable("the gateway is out of reach; nothing was recorded or sent") from error

    def _submit(self, payment: Payment, attempt: RefundAttempt, reason: str, until: datetime) -> Payment:
        if (seconds := self._left(until)) < MIN_SEND_SECONDS:
            raise self._not_sent(payment, attempt, NotSent("not sent (out of time)"))
        try:
            transaction = self.gateway.refund(payment.transaction_id or "", reason, seconds)
        except NotSent as error:
            raise self._not_sent(payment, attempt, error) from error
        except CredentialsRefused as error:
            return self._failed(payment, attempt, Failure("gateway_credentials", error.message), {"refused": "key"})
        except Refused as error:
            return self._refused(payment, attempt, error, until)
        except NoAnswer as error:
            return self._in_doubt(payment, attempt, str(error), arrived=False)
        recorded = record_refund(payment, transaction, self.ledger, self.clock, self.telemetry, attempt.principal)
        if recorded.awaits_refund:
            return self._in_doubt(
                recorded, attempt, f"no refund in the answer; the gateway says {transaction.raw_status}", arrived=True
            )
        return self._answered(recorded, attempt, "verdict")

    def _refused(self, payment: Payment, attempt: RefundAttempt, error: Refused, until: datetime) -> Payment:
        """The status API decides: a refusal may only mean that another refund, or a chargeback, was quicker."""
        try:
            transaction = ask(self.gateway, payment, min(ASK_SECONDS, max(self._left(until), MIN_SEND_SECONDS)))
        except GatewayError as unanswered:
            why = f"refused, and no status ({type(unanswered).__name__})"
            return self._in_doubt(payment, attempt, why, arrived=isinstance(error, AlreadyRefunded))
        recorded = record(payment, transaction, "status", self.ledger, self.clock, self.telemetry, attempt.principal)
        if not recorded.awaits_refund:
            return self._answered(recorded, attempt, "verdict")
        if isinstance(error, AlreadyRefunded) or not denies_refund(recorded, transaction):
            why = "refused, and its status does not say that there was no refund"
            return self._in_doubt(recorded, attempt, why, arrived=isinstance(error, AlreadyRefunded))
        charged_back = isinstance(error, AlreadyChargedBack) or recorded.chargeback.status == "charged_back"
        failure = Failure(CHARGED_BACK if charged_back else "refund_refused", error.message, error.errors)
        return self._failed(recorded, attempt, failure, {"refused": "charged_back" if charged_back else "invalid"})

    def _not_sent(self, payment: Payment, attempt: RefundAttempt, error: NotSent) -> GatewayUnreachable:
        """Records the attempt as failed. The same key may try again."""
        self.telemetry.note("refund_not_sent", error=type(error).__name__)
        failure = Failure(refunds.NOT_SENT, "the gateway could not be reached; nothing was sent")
        self._failed(payment, attempt, failure, {"sent": 0})
        return GatewayUnreachable("the gateway could not be reached; nothing was sent")

    def _failed(self, payment: Payment, attempt: RefundAttempt, failure: Failure, evidence: Evidence) -> Payment:
        def change(current: Payment) -> Payment:
            noted = refunds.answered(current, "verdict")
            return refunds.failed(noted, failure, at=self.clock(), source="answer", evidence=evidence)

        return self._updated(payment, attempt, change)

    def _in_doubt(self, payment: Payment, attempt: RefundAttempt, why: str, *, arrived: bool) -> Payment:
        self.telemetry.note("refund_in_doubt", payment_id=payment.id, why=why)

        def change(current: Payment) -> Payment:
            noted = refunds.answered(refunds.arrived(current) if arrived else current, "in_doubt")
            return noted.asked_again(self.clock() + IN_DOUBT_ASK, arrived=True)

        return self._updated(payment, attempt, change)

    def _updated(self, payment: Payment, attempt: RefundAttempt, change: Callable[[Payment], Payment]) -> Payment:
        """Writes the change only while the payment awaits this attempt; otherwise its outcome is already recorded."""

        def change_if_awaited(current: Payment) -> Payment:
            awaited = current.awaits_refund and not _has_other_attempt(current, attempt)
            return change(current) if awaited else current

        return self._update(payment, attempt, change_if_awaited)

    def _answered(self, payment: Payment, attempt: RefundAttempt, kind: Answered) -> Payment:
        def change(current: Payment) -> Payment:
            return current if _has_other_attempt(current, attempt) else refunds.answered(current, kind)

        return self._update(payment, attempt, change)

    def _update(self, payment: Payment, attempt: RefundAttempt, change: Callable[[Payment], Payment]) -> Payment:
        return update(payment, change, self.ledger, self.telemetry, attempt.principal)

    def _left(self, until: datetime) -> float:
        return (until - self.clock()).total_seconds()


def _earlier_result(payment: Payment, request: RefundRequest) -> Refunded | None:
    """The result of this same request before; None if it is new, or was not sent and may try again.

    Raises IdempotencyKeyReused.
    """
    earlier = refunds.earlier(payment, request.id_for(payment))
    if earlier is None:
        return None
    if earlier.fingerprint != request.fingerprint():
        raise IdempotencyKeyReused("this idempotency key was used for another request")
    if earlier.failure == refunds.NOT_SENT:
        return None
    is_last = payment.refund_attempt is not None and payment.refund_attempt.id == request.id_for(payment)
    return Refunded(payment, replayed=True, failure=None if is_last else earlier.failure)


def _with_attempt(payment: Payment, request: RefundRequest, attempt: RefundAttempt) -> Payment:
    """The payment with the attempt recorded; unchanged if the same request was recorded meanwhile."""
    if _earlier_result(payment, request) is not None:
        return payment
    check_refundable(payment)
    if request.only_if_owed and not owes_refund(payment):
        raise NotOwed(f"{payment.id} owes no refund")
    return refunds.requested(payment, attempt, request.fingerprint())


def _has_other_attempt(payment: Payment, attempt: RefundAttempt) -> bool:
    return payment.refund_attempt is None or payment.refund_attempt.nonce != attempt.nonce
