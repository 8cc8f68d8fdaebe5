"""The client of Pay Agency's S2S API: charges, refunds, status queries. Each failure is one of three GatewayErrors."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from payments.gateway import envelope, payloads, refusals
from payments.gateway.cipher import encrypt
from payments.gateway.circuit_breaker import CircuitBreaker
from payments.gateway.credentials import GatewayKeys, Keyring, Mode
from payments.gateway.transport import MAX_ANSWER_BYTES, Exchange, Transport
from payments.model.gateway_transaction import GatewayTransaction
from payments.ports.gateway import CredentialsRefused, GatewayError, NoAnswer, Refused, Submission, UnknownToGateway
from payments.ports.runtime import Telemetry

_MIN_RESEND_SECONDS: Final = 2.0
"""With less time than this, a request is not sent a second time."""

Send = Callable[[GatewayKeys, float], Exchange]
Refusal = Callable[[Exchange], bool]


@dataclass(frozen=True, slots=True)
class PayAgency:
    """Meets the Gateway port. `mode` selects the URL paths and the kind of key that may be sent to them."""

    transport: Transport
    keyring: Keyring
    dialect: envelope.Dialect
    mode: Mode
    telemetry: Telemetry
    breaker: CircuitBreaker
    monotonic: Callable[[], float] = time.monotonic

    @property
    def live(self) -> bool:
        """Whether charges move real money."""
        return self.mode == "live"

    def ensure_ready(self) -> None:
        """Raises SecretUnusable if the keys are missing or of the other mode, NotSent during an outage."""
        self.breaker.check()
        self.keyring.current()

    def charge(self, submission: Submission, seconds: float) -> GatewayTransaction:
        """Submits a charge. The gateway accepts it at most once: only a refused request is sent again.

        A charge without a card goes to the hosted payment page (hostedApi page).
        """
        plaintext = payloads.charge_payload(submission, self.dialect)
        card = submission.card
        card_data = (card.number, card.cvv) if card else ()

        def send(keys: GatewayKeys, left: float) -> Exchange:
            body = json.dumps({"payload": encrypt(plaintext, keys.encryption_key)}).encode()
            path = f"/api/v1/{self.mode}/card" if card else f"/api/v1/{self.mode}/hosted/card"
            return self._exchange("POST", path, {**_auth(keys), **_JSON}, body, left)

        try:
            self._admit()
            exchange, keys = self._with_fresh_keys(send, seconds)
        finally:
            payloads.wipe(plaintext)
        return self._transaction_in(exchange, card_data, _private(submission, keys))

    def refund(self, transaction_id: str, reason: str, seconds: float) -> GatewayTransaction:
        """Requests a refund of the whole amount, the only kind there is. Its body is plain JSON (refundApi page)."""
        body = payloads.refund_payload(transaction_id, reason)
        self._admit()

        def send(keys: GatewayKeys, left: float) -> Exchange:
            return self._exchange("POST", f"/api/v1/{self.mode}/refund", {**_auth(keys), **_JSON}, body, left)

        exchange, keys = self._with_fresh_keys(send, seconds, refusals.refuses_key)
        refusals.check_not_returned(envelope.parse(exchange.body), _secrets(keys))
        return self._transaction_in(exchange, (), _secrets(keys))

    def status(self, order_id: str, seconds: float) -> GatewayTransaction:
        """Queries a payment's status by the order id that was sent. (No /v1 in this path: statusApi page.)"""
        exchange, keys = self.get(f"/api/{self.mode}/status/{order_id}", seconds)
        if exchange.status == 404 and refusals.is_error_reply(reply := envelope.parse(exchange.body)):
            if not refusals.mentions_a_payment(str(envelope.message_of(reply or {}))):
                raise NoAnswer("HTTP 404 for the query itself")  # the payment may exist
            raise UnknownToGateway("the gateway has no payment under this id")
        return self._transaction_in(exchange, (), _secrets(keys))

    def get(self, path: str, seconds: float, max_bytes: int = MAX_ANSWER_BYTES) -> tuple[Exchange, GatewayKeys]:
        """One GET. Returns the answer, and the keys of the request: the answer may quote them.

        Raises CredentialsRefused, NotSent, NoAnswer.
        """

        self.breaker.check_wait()

        def send(keys: GatewayKeys, left: float) -> Exchange:
            return self._exchange("GET", path, _auth(keys), None, left, max_bytes)

        return self._with_fresh_keys(send, seconds)

    def _admit(self) -> None:
        """Raises SecretUnusable or NotSent. Keys first: a request without keys must not use up the breaker's probe."""
        self.keyring.current()
        self.breaker.admit()

    def _with_fresh_keys(
        self, send: Send, seconds: float, refusal: Refusal = refusals.may_blame_keys
    ) -> tuple[Exchange, GatewayKeys]:
        """Sends. If the request is refused and our keys may be the reason, reloads the keys and sends once more.

        Returns the answer and the keys of the last try: the answer may quote them. Raises CredentialsRefused.

        The second try is no second charge, because a refused request was not processed. Under the same keys nothing is
        sent again: a proxy may answer 401 after the gateway has booked the charge. Such an answer proves a refusal
        only in the documented words. Otherwise the outcome is unknown: the code of a bad key is in no document.
        """
        until = self.monotonic() + seconds
        keys = self.keyring.current()
        exchange = send(keys, seconds)
        if refusal(exchange) and until - self.monotonic() > _MIN_RESEND_SECONDS:
            self.keyring.refresh()  # or another thread has reloaded the keys since this request was sent
            fresh = self.keyring.current()
            if refusals.is_explained_by(exchange, keys, fresh):
                keys, exchange = fresh, refusals.after_refusal(exchange, partial(send, fresh, until - self.monotonic()))
        if refusals.refuses_key(exchange):
            self.telemetry.note("gateway_credentials_refused", http_status=exchange.status)
            if not refusals.proves_key_refused(exchange):
                raise NoAnswer(f"HTTP {exchange.status} that does not say what was refused")
            raise CredentialsRefused("the gateway refused our credentials")
        return exchange, keys

    def _exchange(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes | None,
        seconds: float,
        max_bytes: int = MAX_ANSWER_BYTES,
    ) -> Exchange:
        try:
            exchange = self.transport.exchange(method, path, headers, body, seconds, max_bytes)
        except GatewayError:
            self.breaker.failed()
            raise
        if refusals.is_outage(exchange):
            self.breaker.failed(exchange.retry_after)
        else:
            self.breaker.succeeded()
        return exchange

    def _transaction_in(
        self, exchange: Exchange, card_data: Sequence[str] = (), private: Sequence[str] = ()
    ) -> GatewayTransaction:
        """The transaction in an answer, whatever its HTTP status. Raises Refused or NoAnswer if there is none."""
        reply = envelope.parse(exchange.body)
        if reply is None:
            raise NoAnswer(f"HTTP {exchange.status} without a JSON object")
        transaction = envelope.transaction_of(reply, self.dialect, card_data, private)
        if transaction is not None:
            return transaction
        if refusals.is_refusal(exchange.status, reply):
            message = envelope.message_of(reply, card_data, private) or "the gateway refused the request"
            raise Refused(message, envelope.field_errors(reply, card_data, private))
        raise NoAnswer(f"HTTP {exchange.status} without an envelope")


_JSON: Final = {"Content-Type": "application/json", "Accept": "application/json"}


def _private(submission: Submission, keys: GatewayKeys) -> tuple[str, ...]:
    """Values that an error may quote and that nobody else may read: our webhook URL, our keys, the shopper's data.

    A name is in it at any length. Other values of fewer than four letters are left out: they occur in any sentence.
    """
    names = ("first_name", "last_name")
    values = [submission.webhook_url, submission.webhook_url.rpartition("/")[2], *_secrets(keys)]
    values += [value for name, value in submission.shopper.items() if name in names or len(value) >= 4]
    return tuple(value for value in values if value)


def _secrets(keys: GatewayKeys) -> tuple[str, ...]:
    texts = (key.decode("utf-8", "replace") for key in (keys.encryption_key, keys.webhook_secret) if key)
    return keys.secret_key, *texts


def _auth(keys: GatewayKeys) -> dict[str, str]:
    return {"Authorization": f"Bearer {keys.secret_key}"}
