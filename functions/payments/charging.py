"""Charging: claim, send once, write what became of it. Two writes and one POST; a crash in between is followed up."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from payments.charge_orders import ChargeOrder
from payments.errors import (
    CredentialsRefused,
    GatewayUnreachable,
    IdempotencyKeyReused,
    NoAnswer,
    NotSent,
    OrderMoved,
    OrderTaken,
    Refused,
)
from payments.history import Evidence, Failure
from payments.identities import payment_id_of
from payments.payment import Payment, intent
from payments.ports import ClaimLedger, Clock, Gateway, Order, Submission, Telemetry
from payments.settling import rewrite, settle
from payments.statuses import Status

WebhookAddress = Callable[[str], str]
"""Payment id → the payment's own address for the gateway's webhooks."""

IN_DOUBT_ASK: Final = timedelta(seconds=10)
"""How soon an outcome in doubt is asked about: the gateway has had the request for as long as the caller waited."""

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

    def charge(self, order: ChargeOrder, webhook_url: WebhookAddress, seconds: float) -> Charged:
        """Charges at most once for the (caller, key) and for the order; the gateway gets `seconds` to answer.

        Raises IdempotencyKeyReused, OrderTaken, GatewayUnreachable, SecretUnusable; nothing was sent in any of them.
        """
        payment = intent(
            payment_id_of(order.caller, order.idempotency_key),
            fingerprint=order.fingerprint(),
            money=order.money,
            live=self.live,
            order_id=order.order_id,
            card=order.card.facts,
            at=self.clock(),
        )
        self.telemetry.about(payment.id, payment.order_id)
        if (early := self._unready(payment)) is not None:
            return _replayed(early, payment)
        address = webhook_url(payment.id)
        claimed, earlier = self._claim(payment)
        if earlier is not None:
            return _replayed(earlier, payment)
        submission = Submission(
            money=order.money,
            card=order.card,
            shopper=order.shopper,
            redirect_url=order.redirect_url,
            webhook_url=address,
            order_id=claimed.wire_order_id,
            terminal_id=order.terminal_id,
        )
        return Charged(self._submit(claimed, submission, seconds))

    def _unready(self, payment: Payment) -> Payment | None:
        """The payment that this request repeats, should the gateway be out of reach; None when all is well."""
        try:
            self.gateway.ensure_ready()
        except NotSent as error:
            earlier = self.ledger.get(payment.id)
            if earlier is None:
                self.telemetry.note("charge_not_sent", error=type(error).__name__)
                raise GatewayUnreachable("the gateway is out of reach; nothing was recorded or sent") from error
            return earlier
        return None

    def _claim(self, payment: Payment) -> tuple[Payment, Payment | None]:
        """The payment as claimed, and the one that already stood under its id, if any."""
        lock: Order | None = None
        for _ in range(LOCK_TRIES):
            attempt = len(lock.attempts) + 1 if lock else 1
            candidate = replace(payment, attempt=attempt)
            try:
                return candidate, self.ledger.claim(candidate, lock)
            except OrderMoved:
                lock = self._next_attempt(payment)
        raise OrderTaken(self._holder(payment) or payment)

    def _next_attempt(self, payment: Payment) -> Order | None:
        """The order's lock as it stands, if it may be taken. Raises OrderTaken when it may not."""
        holder = self._holder(payment)
        if holder is not None and holder.id != payment.id and not holder.frees_the_order:
            raise OrderTaken(holder)
        return self.ledger.order(payment.order_id) if payment.order_id else None

    def _holder(self, payment: Payment) -> Payment | None:
        order = self.ledger.order(payment.order_id) if payment.order_id else None
        return self.ledger.get(order.attempts[-1]) if order else None

    def _submit(self, payment: Payment, submission: Submission, seconds: float) -> Payment:
        try:
            report = self.gateway.charge(submission, seconds)
        except NotSent as error:
            self.telemetry.note("charge_not_sent", error=type(error).__name__)
            self.ledger.release(payment)
            raise GatewayUnreachable("the gateway could not be reached; nothing was sent") from error
        except CredentialsRefused as error:
            return self._failed(payment, Failure("gateway_credentials", error.message), {"refused": "credentials"})
        except Refused as error:
            return self._failed(
                payment, Failure("invalid_request", error.message, error.errors), {"refused": "invalid"}
            )
        except NoAnswer as error:
            return self._in_doubt(payment, str(error), arrived=False)
        no_verdict = report.verdict in (None, Status.PROCESSING)
        settled = settle(
            payment if no_verdict else payment.with_answer("verdict"),
            report,
            "answer",
            self.ledger,
            self.clock,
            self.telemetry,
        )
        return self._in_doubt(settled, f"the gateway says {report.said}", arrived=True) if no_verdict else settled

    def _failed(self, payment: Payment, failure: Failure, evidence: Evidence) -> Payment:
        def change(current: Payment) -> Payment:
            if not current.is_open:
                return current
            noted = current.with_answer("verdict")
            return noted.moved(Status.FAILED, at=self.clock(), source="answer", evidence=evidence, failure=failure)

        return rewrite(payment, change, self.ledger, self.telemetry)

    def _in_doubt(self, payment: Payment, why: str, *, arrived: bool) -> Payment:
        self.telemetry.note("charge_in_doubt", payment_id=payment.id, why=why)

        def change(current: Payment) -> Payment:
            if current.status is not Status.PROCESSING:
                return current
            return current.with_answer("in_doubt").asked_again(self.clock() + IN_DOUBT_ASK, arrived=arrived)

        return rewrite(payment, change, self.ledger, self.telemetry)


def _replayed(earlier: Payment, asked: Payment) -> Charged:
    if earlier.fingerprint != asked.fingerprint:
        raise IdempotencyKeyReused("this idempotency key was used for another request")
    return Charged(earlier, replayed=True)
