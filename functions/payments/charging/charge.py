"""Charging: claim, send once, write what became of it. Two writes and one POST; a crash in between is followed up."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from payments.charging.request import ChargeRequest
from payments.errors import GatewayUnreachable, IdempotencyKeyReused, NothingSent, SecretUnusable
from payments.model.follow_up import IN_DOUBT_ASK, MIN_SEND_SECONDS
from payments.model.history import Evidence, Failure
from payments.model.identifiers import payment_id_of
from payments.model.integrity import mismatched_fields
from payments.model.payment import Payment, intent
from payments.model.status import Status
from payments.outcome.record import record, update
from payments.ports.gateway import CredentialsRefused, Gateway, NoAnswer, NotSent, Refused, Submission
from payments.ports.ledger import ClaimLedger, OrderLock, OrderMoved, Released
from payments.ports.runtime import Clock, Telemetry


class OrderTaken(NothingSent):
    """The order has a payment that succeeded or may still succeed."""

    def __init__(self, payment: "Payment") -> None:
        super().__init__(f"the order has payment {payment.id}, which is {payment.status}")
        self.payment = payment


WebhookAddress = Callable[[str], str]
"""Payment id → the payment's own address for the gateway's webhooks."""

LOCK_TRIES: Final = 5
"""How often an order's lock is read again while others take it; each round somebody else got further."""


@dataclass(frozen=True, slots=True)
class Charged:
    """The payment as it stands, and whether this request only repeated an earlier one."""

    payment: Payment
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Charging:
    """The use case with what it needs."""

    ledger: ClaimLedger
    gateway: Gateway
    clock: Clock
    telemetry: Telemetry
    live: bool

    def charge(self, order: ChargeRequest, webhook_url: WebhookAddress, seconds: float) -> Charged:
        """Charges at most once for the (caller, key) and for the order; the gateway gets `seconds` to answer.

        Raises IdempotencyKeyReused, OrderTaken, GatewayUnreachable, SecretUnusable; nothing was sent in any of them.
        """
        until = self.clock() + timedelta(seconds=seconds)
        payment = intent(
            payment_id_of(order.caller, order.idempotency_key),
            fingerprint=order.fingerprint(),
            money=order.money,
            live=self.live,
            order_id=order.order_id,
            card=order.card.facts if order.card else None,
            at=self.clock(),
        )
        self.telemetry.about(payment.id, payment.order_id)
        if (early := self._unready(payment)) is not None:
            return self._replayed(early, payment.fingerprint)
        address = webhook_url(payment.id)
        claimed, earlier = self._claim(payment)
        if earlier is not None:
            return self._replayed(earlier, payment.fingerprint)
        submission = Submission(
            money=order.money,
            card=order.card,
            shopper=order.shopper,
            redirect_url=order.redirect_url,
            webhook_url=address,
            order_id=claimed.wire_order_id,
            terminal_id=order.terminal_id,
        )
        return Charged(self._submit(claimed, submission, until))

    def earlier(self, order: ChargeRequest) -> Charged | None:
        """The payment that this very request led to before, if it did; sends nothing. Raises GatewayUnreachable."""
        standing = self.ledger.get(payment_id_of(order.caller, order.idempotency_key))
        same = standing is not None and standing.fingerprint == order.fingerprint()
        return self._replayed(standing, standing.fingerprint) if standing and same else None

    def _unready(self, payment: Payment) -> Payment | None:
        """The payment that this request repeats, should the gateway be out of reach; None when all is well."""
        try:
            self.gateway.ensure_ready()
        except (NotSent, SecretUnusable) as error:
            if (earlier := self.ledger.get(payment.id)) is not None:
                return earlier
            if isinstance(error, SecretUnusable):
                raise
            self.telemetry.note("charge_not_sent", error=type(error).__name__)
            raise GatewayUnreachable("the gateway is out of reach; nothing was recorded or sent") from error
        return None

    def _claim(self, payment: Payment) -> tuple[Payment, Payment | None]:
        """The payment as claimed, and the one that already stood under its id, if any."""
        lock: OrderLock | None = None
        for _ in range(LOCK_TRIES):
            attempt = len(lock.attempts) + 1 if lock else 1
            candidate = replace(payment, attempt=attempt)
            try:
                return candidate, self.ledger.claim(candidate, lock)
            except OrderMoved:
                lock = self._next_attempt(payment)
                if lock is not None and lock.attempts[-1] == payment.id:
                    # The very same request, a moment earlier: its payment stands, or has just been taken back.
                    if (standing := self.ledger.get(payment.id)) is not None:
                        return payment, standing
                    lock = self.ledger.order(lock.id)
        raise OrderTaken(self._holder(payment) or payment)

    def _next_attempt(self, payment: Payment) -> OrderLock | None:
        """The order's lock as it stands, if it may be taken. Raises OrderTaken when it may not."""
        holder = self._holder(payment)
        if holder is not None and holder.id != payment.id and not holder.frees_the_order:
            raise OrderTaken(holder)
        return self.ledger.order(payment.order_id) if payment.order_id else None

    def _holder(self, payment: Payment) -> Payment | None:
        order = self.ledger.order(payment.order_id) if payment.order_id else None
        return self.ledger.get(order.attempts[-1]) if order else None

    def _submit(self, payment: Payment, submission: Submission, until: datetime) -> Payment:
        if (seconds := (until - self.clock()).total_seconds()) < MIN_SEND_SECONDS:
            return self._not_sent(payment, NotSent("not sent (out of time)"))
        try:
            transaction = self.gateway.charge(submission, seconds)
        except NotSent as error:
            return self._not_sent(payment, error)
        except CredentialsRefused as error:
            return self._failed(payment, Failure("gateway_credentials", error.message), {"refused": "credentials"})
        except Refused as error:
            failure = Failure("invalid_request", error.message, error.errors)
            return self._failed(payment, failure, {"refused": "invalid"})
        except NoAnswer as error:
            return self._in_doubt(payment, str(error), arrived=False)
        no_verdict = transaction.verdict in (None, Status.PROCESSING)
        if not no_verdict:
            payment = payment.with_answer("in_doubt" if mismatched_fields(payment, transaction) else "verdict")
        settled = record(payment, transaction, "answer", self.ledger, self.clock, self.telemetry)
        return (
            self._in_doubt(settled, f"the gateway says {transaction.raw_status}", arrived=True)
            if no_verdict
            else settled
        )

    def _not_sent(self, payment: Payment, error: NotSent) -> Payment:
        """The claim is taken back, so that the same key may try again; but who was told of the payment must find it."""
        self.telemetry.note("charge_not_sent", error=type(error).__name__)
        if self.ledger.release(payment):
            raise GatewayUnreachable("the gateway could not be reached; nothing was sent") from error
        failure = Failure("not_sent", "the gateway could not be reached; nothing was sent")
        return self._failed(payment, failure, {"sent": 0})

    def _failed(self, payment: Payment, failure: Failure, evidence: Evidence) -> Payment:
        def change(current: Payment) -> Payment:
            if not current.is_open:
                return current
            noted = current.with_answer("verdict")
            return noted.transition_to(
                Status.FAILED, at=self.clock(), source="answer", evidence=evidence, failure=failure
            )

        return update(payment, change, self.ledger, self.telemetry)

    def _in_doubt(self, payment: Payment, why: str, *, arrived: bool) -> Payment:
        self.telemetry.note("charge_in_doubt", payment_id=payment.id, why=why)

        def change(current: Payment) -> Payment:
            if current.status is not Status.PROCESSING:
                return current
            return current.with_answer("in_doubt").asked_again(self.clock() + IN_DOUBT_ASK, arrived=arrived)

        return update(payment, change, self.ledger, self.telemetry)

    def _replayed(self, earlier: Payment, fingerprint: str) -> Charged:
        """The payment as it stands. One that is still being sent is marked: who is told of it must find it again."""
        if earlier.fingerprint != fingerprint:
            raise IdempotencyKeyReused("this idempotency key was used for another request")
        try:
            replayed = update(earlier, _marked_as_replayed, self.ledger, self.telemetry)
        except Released as error:
            raise GatewayUnreachable("the gateway could not be reached; nothing was sent") from error
        return Charged(replayed, replayed=True)


def _marked_as_replayed(payment: Payment) -> Payment:
    if payment.replayed_while_sending or payment.version > 1 or payment.answered is not None:
        return payment
    return replace(payment, replayed_while_sending=True)
