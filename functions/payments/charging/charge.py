"""Charges a payment: claims it, sends it once, records the outcome.

That is two writes and one POST. After a crash in between, the follow-up queries the gateway and finishes the payment.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from payments.charging.cancel import cancel
from payments.charging.claim import claim
from payments.charging.left_payment import Asked, queried
from payments.charging.request import ChargeRequest
from payments.errors import GatewayUnreachable, IdempotencyKeyReused, SecretUnusable
from payments.model.follow_up import IN_DOUBT_ASK, MIN_SEND_SECONDS
from payments.model.gateway_transaction import GatewayTransaction
from payments.model.history import Evidence, Failure
from payments.model.identifiers import payment_id_of
from payments.model.integrity import mismatched_fields
from payments.model.payment import Payment, intent
from payments.model.status import Status
from payments.outcome.record import record, update
from payments.outcome.status_query import ASK_SECONDS
from payments.ports.gateway import CredentialsRefused, Gateway, NoAnswer, NotSent, Refused, Submission
from payments.ports.ledger import ClaimLedger, Released
from payments.ports.runtime import Clock, Telemetry

WebhookAddress = Callable[[str], str]
"""Payment id → the address to which the gateway sends the webhooks of this payment."""


@dataclass(frozen=True, slots=True)
class Charged:
    """The payment in its present state. `replayed`: the request is a retry, and nothing was sent for it."""

    payment: Payment
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Charging:
    """The use case with its dependencies. `live`: the mode of new payments.

    `left_after`: how long the shopper may be on the gateway's page before another payment may take the order; None: no
    payment may. `refunds_superseded`: a payment that is superseded from now on is refunded if it succeeds after all.
    """

    ledger: ClaimLedger
    gateway: Gateway
    clock: Clock
    telemetry: Telemetry
    live: bool
    left_after: timedelta | None = None
    refunds_superseded: bool = False

    def charge(self, request: ChargeRequest, webhook_url: WebhookAddress, seconds: float) -> Charged:
        """Charges at most once for each key and for each order. The gateway gets `seconds` to answer.

        Raises IdempotencyKeyReused, OrderTaken, OrderExhausted, GatewayUnreachable, SecretUnusable; nothing was sent in
        any of them.
        """
        until = self.clock() + timedelta(seconds=seconds)
        payment = intent(
            payment_id_of(request.idempotency_key, live=self.live),
            fingerprint=request.fingerprint(live=self.live),
            money=request.money,
            live=self.live,
            order_id=request.order_id,
            card=request.card.facts if request.card else None,
            at=self.clock(),
            principal=request.caller,
        )
        self.telemetry.about(payment.id, payment.order_id)
        if (earlier := self._earlier_if_not_ready(payment)) is not None:
            return self._replayed(earlier, payment.fingerprint)
        address = webhook_url(payment.id)
        claimed, earlier = claim(
            payment,
            self.ledger,
            self.left_after,
            self.telemetry,
            refund_if_paid=self.refunds_superseded,
            query=lambda waiting: self._queried(waiting, until),
        )
        self.telemetry.about(payment.id, payment.order_id)  # a takeover has spoken of the left payment
        if earlier is not None:
            return self._replayed(earlier, payment.fingerprint)
        submission = Submission(
            money=request.money,
            card=request.card,
            shopper=request.shopper,
            redirect_url=request.redirect_url,
            webhook_url=address,
            order_id=claimed.wire_order_id,
            terminal_id=request.terminal_id,
        )
        return Charged(self._submit(claimed, submission, until))

    def earlier(self, request: ChargeRequest) -> Charged | None:
        """The payment of the same request before; None when there is none. Sends nothing. Raises GatewayUnreachable."""
        found = self.ledger.get(payment_id_of(request.idempotency_key, live=self.live))
        if found is None or found.fingerprint != request.fingerprint(live=self.live):
            return None
        return self._replayed(found, found.fingerprint)

    def cancel(self, payment: Payment, principal: str | None) -> Payment:
        """The payment with its order free for another payment. Raises NotCancellable and GatewayUnreachable."""
        live, refunds = self.gateway.live, self.refunds_superseded
        tools = self._queried, self.ledger, self.clock, self.telemetry
        return cancel(payment, principal, *tools, live=live, refund_if_paid=refunds)

    def _queried(self, payment: Payment, until: datetime | None = None) -> Asked | None:
        """The payment after a status query; None without an answer, or if too little time is left for it."""
        if until is not None and (until - self.clock()).total_seconds() < ASK_SECONDS + MIN_SEND_SECONDS:
            return None
        return queried(payment, self.gateway, self.ledger, self.clock, self.telemetry)

    def _earlier_if_not_ready(self, payment: Payment) -> Payment | None:
        """None when the gateway is ready. Otherwise the payment of the same key; without one the charge fails."""
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
        return self._answered(payment, transaction)

    def _answered(self, payment: Payment, transaction: GatewayTransaction) -> Payment:
        no_verdict = transaction.verdict in (None, Status.PROCESSING)
        if not no_verdict:
            payment = payment.with_answer("in_doubt" if mismatched_fields(payment, transaction) else "verdict")
        requester = payment.history[0].principal
        recorded = record(payment, transaction, "answer", self.ledger, self.clock, self.telemetry, requester)
        if no_verdict:
            return self._in_doubt(recorded, f"the gateway says {transaction.raw_status}", arrived=True)
        return recorded

    def _not_sent(self, payment: Payment, error: NotSent) -> Payment:
        """Releases the claim, so that the same key may try again. A payment that answered a retry fails instead."""
        self.telemetry.note("charge_not_sent", error=type(error).__name__)
        if self.ledger.release(payment):
            raise GatewayUnreachable("the gateway could not be reached; nothing was sent") from error
        failure = Failure("not_sent", "the gateway could not be reached; nothing was sent")
        return self._failed(payment, failure, {"sent": 0})

    def _failed(self, payment: Payment, failure: Failure, evidence: Evidence) -> Payment:
        def change(current: Payment) -> Payment:
            if not current.is_open:
                return current
            return current.with_answer("verdict").transition_to(
                Status.FAILED, at=self.clock(), source="answer", evidence=evidence, failure=failure
            )

        return update(payment, change, self.ledger, self.telemetry, payment.history[0].principal)

    def _in_doubt(self, payment: Payment, why: str, *, arrived: bool) -> Payment:
        self.telemetry.note("charge_in_doubt", payment_id=payment.id, why=why)

        def change(current: Payment) -> Payment:
            if current.status is not Status.PROCESSING:
                return current
            return current.with_answer("in_doubt").asked_again(self.clock() + IN_DOUBT_ASK, arrived=arrived)

        return update(payment, change, self.ledger, self.telemetry, payment.history[0].principal)

    def _replayed(self, earlier: Payment, fingerprint: str) -> Charged:
        """The answer to a retry. A payment that is still being sent is marked, so that it is not deleted afterwards."""
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
