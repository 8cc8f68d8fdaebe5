"""Pay Agency's S2S API: submits a card charge, asks for a status. A failure is one of the three GatewayErrors."""

import json
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from payments.errors import CredentialsRefused, GatewayError, NoAnswer, Refused, UnknownToGateway
from payments.gateway import wire
from payments.gateway.breaker import Breaker
from payments.gateway.cipher import encrypt
from payments.gateway.keys import GatewayKeys, Keyring, Mode
from payments.gateway.transport import MAX_ANSWER_BYTES, Exchange, Transport
from payments.ports import Submission, Telemetry
from payments.reports import Report

_LEAST_SECONDS: Final = 2.0
"""Less than this is not worth a second try."""

_UNDECIDED: Final = frozenset({408, 409, 425, 429})
"""4xx codes that do not say that nothing happened: a time-out, a conflict with perhaps this very charge, "later"."""

_A_PAYMENT: Final = re.compile(r"\b(transaction|payment|order|charge|record)", re.IGNORECASE)

Send = Callable[[GatewayKeys, float], Exchange]


@dataclass(frozen=True, slots=True)
class PayAgency:
    """The gateway, spoken to in its own words. `mode` chooses its paths and the kind of key that may be sent there."""

    transport: Transport
    keyring: Keyring
    dialect: wire.Dialect
    mode: Mode
    telemetry: Telemetry
    breaker: Breaker
    monotonic: Callable[[], float] = time.monotonic

    @property
    def live(self) -> bool:
        """Whether money moves there."""
        return self.mode == "live"

    def ensure_ready(self) -> None:
        """Raises SecretUnusable when there are no keys, or of the other mode; NotSent in an outage."""
        self.breaker.check()
        self.keyring.current()

    def charge(self, submission: Submission, seconds: float) -> Report:
        """Submits a card charge; accepted at most once, for only a request that was refused is sent anew."""
        plaintext = wire.card_payload(submission, self.dialect)
        hidden = (submission.card.number, submission.card.cvv)
        private = _private(submission, self.keyring.current())

        self.breaker.admit()

        def send(keys: GatewayKeys, left: float) -> Exchange:
            body = json.dumps({"payload": encrypt(plaintext, keys.encryption_key)}).encode()
            path = f"/api/v1/{self.mode}/card"
            return self._exchange("POST", path, {**_auth(keys), **_JSON}, body, left)

        return self._understood(self._with_fresh_keys(send, seconds), hidden, private)

    def status(self, order_id: str, seconds: float) -> Report:
        """Asks what became of a payment, by the order id it was sent under. (No /v1 here: statusApi page.)"""

        exchange = self.get(f"/api/{self.mode}/status/{order_id}", seconds)
        if exchange.status == 404 and is_bare(envelope := wire.parse(exchange.body)):
            if not _speaks_of_a_payment(str(wire.message_of(envelope or {}))):
                raise NoAnswer("HTTP 404 for the question itself")  # which tells nothing of the payment
            raise UnknownToGateway("the gateway has no payment under this id")
        return self._understood(exchange)

    def get(self, path: str, seconds: float, most: int = MAX_ANSWER_BYTES) -> Exchange:
        """One reading with our keys, of at most so many bytes. Raises CredentialsRefused, NotSent, NoAnswer."""

        def ask(keys: GatewayKeys, left: float) -> Exchange:
            return self._exchange("GET", path, _auth(keys), None, left, most)

        return self._with_fresh_keys(ask, seconds)

    def _with_fresh_keys(self, send: Send, seconds: float) -> Exchange:
        """Sends; when it is turned down and our keys may be why, once more with the keys read anew.

        That is no second charge: what was turned down was not processed. Without new keys only a refused *key* is
        tried again, for a refusal of anything else would be the same.
        """
        until = self.monotonic() + seconds
        keys = self.keyring.current()
        exchange = send(keys, seconds)
        if _blames_keys(exchange) and until - self.monotonic() > _LEAST_SECONDS and self.keyring.refresh():
            fresh = self.keyring.current()
            if fresh != keys or _refuses_key(exchange):
                exchange = send(fresh, until - self.monotonic())
        if _refuses_key(exchange):
            self.telemetry.note("gateway_credentials_refused", http_status=exchange.status)
            raise CredentialsRefused("the gateway refused our credentials")
        return exchange

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
        if exchange.status >= 500 and wire.parse(exchange.body) is None:
            self.breaker.failed()  # a proxy speaks for a gateway that does not
        else:
            self.breaker.succeeded()
        return exchange

    def _understood(self, exchange: Exchange, hidden: Sequence[str] = (), private: Sequence[str] = ()) -> Report:
        """Parses on every HTTP status: an envelope with a transaction is a report, whatever the code says."""
        envelope = wire.parse(exchange.body)
        if envelope is None:
            raise NoAnswer(f"HTTP {exchange.status} without a JSON object")
        report = wire.report_of(envelope, self.dialect, hidden, private)
        if report is not None:
            return report
        if 400 <= exchange.status < 500 and exchange.status not in _UNDECIDED and is_bare(envelope):
            message = wire.message_of(envelope, hidden, private)
            raise Refused(message or "the gateway refused the request", wire.field_errors(envelope, hidden, private))
        raise NoAnswer(f"HTTP {exchange.status} without an envelope")


_JSON: Final = {"Content-Type": "application/json", "Accept": "application/json"}


def _private(submission: Submission, keys: GatewayKeys) -> tuple[str, ...]:
    """What a refusal may quote and nobody else may read. Words of fewer than four letters are in every sentence."""
    told = [submission.webhook_url, submission.webhook_url.rpartition("/")[2], keys.secret_key]
    told += [key.decode("utf-8", "replace") for key in (keys.encryption_key, keys.webhook_secret) if key]
    told += [value for name, value in submission.shopper.items() if name != "country" and len(value) >= 4]
    return tuple(value for value in told if value)


def _auth(keys: GatewayKeys) -> dict[str, str]:
    return {"Authorization": f"Bearer {keys.secret_key}"}


def is_bare(envelope: dict[str, Any] | None) -> bool:
    """`errors`, or nothing but a message: what the gateway says when it refuses, with no payment in it."""
    return envelope is not None and "data" not in envelope and ("errors" in envelope or "message" in envelope)


def _speaks_of_a_payment(message: str) -> bool:
    """A router's 404 ("Not Found", "Cannot GET /…", "no Route matched") says only that we asked in the wrong place."""
    return bool(_A_PAYMENT.search(message)) and "/" not in message and "route" not in message.lower()


def _refuses_key(exchange: Exchange) -> bool:
    return exchange.status in (401, 403) and is_bare(wire.parse(exchange.body))


def _blames_keys(exchange: Exchange) -> bool:
    """A refused key; or a refusal that names no field, as it comes when the gateway cannot decrypt the payload."""
    told = wire.parse(exchange.body)
    return _refuses_key(exchange) or (exchange.status in (400, 422) and is_bare(told) and "errors" not in (told or {}))
