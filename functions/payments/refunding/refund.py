"""Refunding: record, send once, write what became of it. What is in doubt is asked about, and never sent again."""

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
from payments.outcome.record import OutcomeLedger, record, record_refund, update
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
from payments.ports.runtime import Clock, Telemetry
from payments.refunding.eligibility import NotRefundable, check_refundable
from payments.refunding.request import RefundRequest

CHARGED_BACK: Final = "already_charged_back"


@dataclass(frozen=True, slots=True)
class Refunded:
    """The payment as it stands, and whether this request only repeated an earlier one.

    `failure`: the code under which this very request failed, should another have been made since.
    """

    payment: Payment
    replayed: bool = False
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class Refunding:
    """The use case with what it needs."""

    ledger: OutcomeLedger
    gateway: Gateway
    clock: Clock
    telemetry: Telemetry
    nonce: Callable[[], str] = lambda: uuid4().hex

    def refund(self, payment: Payment, order: RefundRequest, seconds: float) -> Refunded:
        """Sends the whole amount back, at most once, whoever asks how often; the gateway gets `seconds` to answer.

        Raises NotRefundable, IdempotencyKeyReused, GatewayUnreachable, SecretUnusable; nothing was sent in any of them.
        """
        until = self.clock() + timedelta(seconds=seconds)
        self.telemetry.about(payment.id, payment.order_id, payment.transaction_id)
        if (earlier := _earlier(payment, order)) is not None:
            return earlier
        check_refundable(payment)
        if payment.live != self.gateway.live:
            raise NotRefundable("other_mode", payment)
        self._ensure_ready()
        request = RefundAttempt(order.id, self.nonce(), self.clock())
        claimed = update(payment, lambda current: _claimed(current, order, request), self.ledger, self.telemetry)
        if _is_of_another(claimed, request):
            return _earlier(claimed, order) or Refunded(claimed, replayed=True)
        if not claimed.awaits_refund:
            return Refunded(claimed)  # it was seen at the gateway before we sent anything
        return Refunded(self._submit(claimed, request, order.reason, until))

    def _ensure_ready(self) -> None:
        try:
            self.gateway.ensure_ready()
        except NotSent as error:
            self.telemetry.note("refund_not_sent", error=type(error).__name__)
            raise GatewayUnreachable("the gateway is out of reach; nothing was recorded or sent") from error

    def _submit(self, payment: Payment, request: RefundAttempt, reason: str, until: datetime) -> Payment:
        if (seconds := self._left(until)) < MIN_SEND_SECONDS:
            raise self._not_sent(payment, request, NotSent("not sent (out of time)"))
        try:
            transaction = self.gateway.refund(payment.transaction_id or "", reason, seconds)
        except NotSent as error:
            raise self._not_sent(payment, request, error) from error
        except CredentialsRefused as error:
            return self._failed(payment, request, Failure("gateway_credentials", error.message), {"refused": "key"})
        except Refused as error:
            return self._refused(payment, request, error, until)
        except NoAnswer as error:
            return self._in_doubt(payment, request, str(error), arrived=False)
        settled = record_refund(payment, transaction, self.ledger, self.clock, self.telemetry)
        if settled.awaits_refund:
            return self._in_doubt(
                settled, request, f"no refund in the answer; the gateway says {transaction.raw_status}", arrived=True
            )
        return self._answered(settled, request, "verdict")

    def _refused(self, payment: Payment, request: RefundAttempt, error: Refused, until: datetime) -> Payment:
        """A refusal may only mean that somebody else was quicker: what the status API shows is what counts."""
        try:
            transaction = ask(self.gateway, payment, min(ASK_SECONDS, max(self._left(until), MIN_SEND_SECONDS)))
        except GatewayError as silence:
            why = f"refused, and no status ({type(silence).__name__})"
            return self._in_doubt(payment, request, why, arrived=isinstance(error, AlreadyRefunded))
        settled = record(payment, transaction, "status", self.ledger, self.clock, self.telemetry)
        if not settled.awaits_refund:
            return self._answered(settled, request, "verdict")
        if isinstance(error, AlreadyRefunded) or not denies_refund(settled, transaction):
            why = "refused, and its status does not say that there was no refund"
            return self._in_doubt(settled, request, why, arrived=isinstance(error, AlreadyRefunded))
        taken = isinstance(error, AlreadyChargedBack) or settled.chargeback.status == "charged_back"
        failure = Failure(CHARGED_BACK if taken else "refund_refused", error.message, error.errors)
        return self._failed(settled, request, failure, {"refused": "charged_back" if taken else "invalid"})

    def _not_sent(self, payment: Payment, request: RefundAttempt, error: NotSent) -> GatewayUnreachable:
        """Recorded as failed, and the same key may try again."""
        self.telemetry.note("refund_not_sent", error=type(error).__name__)
        failure = Failure(refunds.NOT_SENT, "the gateway could not be reached; nothing was sent")
        self._failed(payment, request, failure, {"sent": 0})
        return GatewayUnreachable("the gateway could not be reached; nothing was sent")

    def _failed(self, payment: Payment, request: RefundAttempt, failure: Failure, evidence: Evidence) -> Payment:
        def change(current: Payment) -> Payment:
            noted = refunds.answered(current, "verdict")
            return refunds.failed(noted, failure, at=self.clock(), source="answer", evidence=evidence)

        return self._rewritten(payment, request, change)

    def _in_doubt(self, payment: Payment, request: RefundAttempt, why: str, *, arrived: bool) -> Payment:
        self.telemetry.note("refund_in_doubt", payment_id=payment.id, why=why)

        def change(current: Payment) -> Payment:
            noted = refunds.answered(refunds.arrived(current) if arrived else current, "in_doubt")
            return noted.asked_again(self.clock() + IN_DOUBT_ASK, arrived=True)

        return self._rewritten(payment, request, change)

    def _rewritten(self, payment: Payment, request: RefundAttempt, change: Callable[[Payment], Payment]) -> Payment:
        """Changes the payment while this very request is what it waits for; else somebody has settled it meanwhile."""

        def still_ours(current: Payment) -> Payment:
            awaited = current.awaits_refund and not _is_of_another(current, request)
            return change(current) if awaited else current

        return update(payment, still_ours, self.ledger, self.telemetry)

    def _answered(self, payment: Payment, request: RefundAttempt, kind: Answered) -> Payment:
        def change(current: Payment) -> Payment:
            return current if _is_of_another(current, request) else refunds.answered(current, kind)

        return update(payment, change, self.ledger, self.telemetry)

    def _left(self, until: datetime) -> float:
        return (until - self.clock()).total_seconds()


def _earlier(payment: Payment, order: RefundRequest) -> Refunded | None:
    """What this very request led to before; None when it is new, or failed in a way that it may try again."""
    told = refunds.earlier(payment, order.id)
    if told is None:
        return None
    if told.fingerprint != order.fingerprint():
        raise IdempotencyKeyReused("this idempotency key was used for another request")
    if told.failure == refunds.NOT_SENT:
        return None
    is_last = payment.refund_attempt is not None and payment.refund_attempt.id == order.id
    return Refunded(payment, replayed=True, failure=None if is_last else told.failure)


def _claimed(payment: Payment, order: RefundRequest, request: RefundAttempt) -> Payment:
    """The intent, recorded; the payment as it is when this very request has been recorded meanwhile."""
    if _earlier(payment, order) is not None:
        return payment
    check_refundable(payment)
    return refunds.requested(payment, request, order.fingerprint())


def _is_of_another(payment: Payment, request: RefundAttempt) -> bool:
    return payment.refund_attempt is None or payment.refund_attempt.nonce != request.nonce
