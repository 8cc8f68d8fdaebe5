"""Pay Agency's S2S API: charges, refunds, questions for a status. A failure is one of the three GatewayErrors."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
"""Less than this is not worth a second try."""

Send = Callable[[GatewayKeys, float], Exchange]
Refusal = Callable[[Exchange], bool]


@dataclass(frozen=True, slots=True)
class PayAgency:
    """The gateway, spoken to in its own words. `mode` chooses its paths and the kind of key that may be sent there."""

    transport: Transport
    keyring: Keyring
    dialect: envelope.Dialect
    mode: Mode
    telemetry: Telemetry
    breaker: CircuitBreaker
    monotonic: Callable[[], float] = time.monotonic

    @property
    def live(self) -> bool:
        """Whether money moves there."""
        return self.mode == "live"

    def ensure_ready(self) -> None:
        """Raises SecretUnusable when there are no keys, or of the other mode; NotSent in an outage."""
        self.breaker.check()
        self.keyring.current()

    def charge(self, submission: Submission, seconds: float) -> GatewayTransaction:
        """Submits a charge; accepted at most once, for only a request that was refused is sent anew.

        Without a card it goes to the gateway's hosted page (hostedApi page).
        """
        plaintext = payloads.charge_payload(submission, self.dialect)
        card = submission.card
        hidden = (card.number, card.cvv) if card else ()
        self._admit()

        def send(keys: GatewayKeys, left: float) -> Exchange:
            body = json.dumps({"payload": encrypt(plaintext, keys.encryption_key)}).encode()
            path = f"/api/v1/{self.mode}/card" if card else f"/api/v1/{self.mode}/hosted/card"
            return self._exchange("POST", path, {**_auth(keys), **_JSON}, body, left)

        exchange, keys = self._with_fresh_keys(send, seconds)
        return self._understood(exchange, hidden, _private(submission, keys))

    def refund(self, transaction_id: str, reason: str, seconds: float) -> GatewayTransaction:
        """Asks for the whole amount back: there is no other refund, and it travels as plain JSON (refundApi page)."""
        body = payloads.refund_payload(transaction_id, reason)
        self._admit()

        def send(keys: GatewayKeys, left: float) -> Exchange:
            return self._exchange("POST", f"/api/v1/{self.mode}/refund", {**_auth(keys), **_JSON}, body, left)

        exchange, keys = self._with_fresh_keys(send, seconds, refusals.refuses_key)
        refusals.check_still_here(envelope.parse(exchange.body), _secrets(keys))
        return self._understood(exchange, (), _secrets(keys))

    def status(self, order_id: str, seconds: float) -> GatewayTransaction:
        """Asks what became of a payment, by the order id it was sent under. (No /v1 here: statusApi page.)"""

        exchange, keys = self.get(f"/api/{self.mode}/status/{order_id}", seconds)
        if exchange.status == 404 and refusals.is_bare(reply := envelope.parse(exchange.body)):
            if not refusals.speaks_of_a_payment(str(envelope.message_of(reply or {}))):
                raise NoAnswer("HTTP 404 for the question itself")  # which tells nothing of the payment
            raise UnknownToGateway("the gateway has no payment under this id")
        return self._understood(exchange, (), _secrets(keys))

    def get(self, path: str, seconds: float, most: int = MAX_ANSWER_BYTES) -> tuple[Exchange, GatewayKeys]:
        """One reading of at most so many bytes, and the keys it was made with: the answer may quote them.

        Raises CredentialsRefused, NotSent, NoAnswer.
        """

        def ask(keys: GatewayKeys, left: float) -> Exchange:
            return self._exchange("GET", path, _auth(keys), None, left, most)

        return self._with_fresh_keys(ask, seconds)

    def _admit(self) -> None:
        """Raises SecretUnusable or NotSent. Keys first: a request that has none must not be the breaker's probe."""
        self.keyring.current()
        self.breaker.admit()

    def _with_fresh_keys(
        self, send: Send, seconds: float, refusal: Refusal = refusals.blames_keys
    ) -> tuple[Exchange, GatewayKeys]:
        """Sends; when it is turned down and our keys may be why, once more with the keys read anew.

        Gives the keys of the last try along: the answer may quote them.

        That is no second charge: what was turned down was not processed. Without new keys only a refused *key* is
        tried again, for a refusal of anything else would be the same.
        """
        until = self.monotonic() + seconds
        keys = self.keyring.current()
        exchange = send(keys, seconds)
        if refusal(exchange) and until - self.monotonic() > _MIN_RESEND_SECONDS and self.keyring.refresh():
            fresh = self.keyring.current()
            if fresh != keys or refusals.refuses_key(exchange):
                keys, exchange = fresh, send(fresh, until - self.monotonic())
        if refusals.refuses_key(exchange):
            self.telemetry.note("gateway_credentials_refused", http_status=exchange.status)
            raise CredentialsRefused("the gateway refused our credentials")
        return exchange, keys

    def _exchange(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes | None,
        seconds: float,
        most: int = MAX_ANSWER_BYTES,
    ) -> Exchange:
        try:
            exchange = self.transport.exchange(method, path, headers, body, seconds, most)
        except GatewayError:
            self.breaker.failed()
            raise
        if exchange.status >= 500 and envelope.parse(exchange.body) is None:
            self.breaker.failed()  # a proxy speaks for a gateway that does not
        else:
            self.breaker.succeeded()
        return exchange

    def _understood(
        self, exchange: Exchange, hidden: Sequence[str] = (), private: Sequence[str] = ()
    ) -> GatewayTransaction:
        """Parses on every HTTP status: an envelope with a transaction is a report, whatever the code says."""
        reply = envelope.parse(exchange.body)
        if reply is None:
            raise NoAnswer(f"HTTP {exchange.status} without a JSON object")
        transaction = envelope.transaction_of(reply, self.dialect, hidden, private)
        if transaction is not None:
            return transaction
        if refusals.turns_down(exchange.status, reply):
            message = envelope.message_of(reply, hidden, private)
            raise Refused(message or "the gateway refused the request", envelope.field_errors(reply, hidden, private))
        raise NoAnswer(f"HTTP {exchange.status} without an envelope")


_JSON: Final = {"Content-Type": "application/json", "Accept": "application/json"}


def _private(submission: Submission, keys: GatewayKeys) -> tuple[str, ...]:
    """What a refusal may quote and nobody else may read. Words of fewer than four letters are in every sentence."""
    told = [submission.webhook_url, submission.webhook_url.rpartition("/")[2], *_secrets(keys)]
    told += [value for name, value in submission.shopper.items() if name != "country" and len(value) >= 4]
    return tuple(value for value in told if value)


def _secrets(keys: GatewayKeys) -> tuple[str, ...]:
    texts = (key.decode("utf-8", "replace") for key in (keys.encryption_key, keys.webhook_secret) if key)
    return keys.secret_key, *texts


def _auth(keys: GatewayKeys) -> dict[str, str]:
    return {"Authorization": f"Bearer {keys.secret_key}"}
