"""The model of the gateway behind HTTP: the real client with its circuit breaker and its cached keys talks to it.

It sees what a client sends and when, so here are the promises about the circuit breaker and about refused keys.
"""

import json
from collections.abc import Callable
from typing import Any, Final

from payments.gateway.transport import Exchange
from payments.model.gateway_transaction import GatewayTransaction
from payments.ports.gateway import (
    CredentialsRefused,
    GatewayError,
    NotSent,
    Refused,
    Submission,
    UnknownToGateway,
)
from tests.proof.gateway_model import GatewayModel
from tests.proof.key_model import KeyModel
from tests.proof.reached import reached

FAILURES_TO_OPEN: Final = 5
OPEN_SECONDS: Final = 15.0
"""The promise of the circuit breaker (docs/failures.md), not derived from its code."""

RETRY_AFTER: Final = 30.0


class Wire:
    """Meets the Transport of one client. `submission`: the charge that the client is about to send.

    `failures`: in a row, for this client. `failed_at`, `busy_until`: true time.
    """

    def __init__(self, gateway: GatewayModel, keys: KeyModel, now: Callable[[], float]) -> None:
        self._gateway, self._keys, self._now = gateway, keys, now
        self.submission: Submission | None = None
        self.failures = 0
        self.failed_at = self.busy_until = float("-inf")

    def exchange(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None, seconds: float, max_bytes: int
    ) -> Exchange:
        """See `Transport.exchange`."""
        assert self._now() >= self.busy_until, "sent although the gateway asked to wait"
        if method == "POST" and self.failures >= FAILURES_TO_OPEN:
            assert self._now() >= self.failed_at + OPEN_SECONDS, "sent although the circuit is open"
            reached("a probe after an open circuit")
        try:
            exchange = self._answer(method, path, headers, body)
        except GatewayError:
            self._failed()
            raise
        if exchange.retry_after:
            self.busy_until = self._now() + exchange.retry_after
            self._failed()
        else:
            self.failures = 0
        return exchange

    def _failed(self) -> None:
        self.failures, self.failed_at = self.failures + 1, self._now()
        if self.failures == FAILURES_TO_OPEN:
            reached("a circuit opens")

    def _answer(self, method: str, path: str, headers: dict[str, str], body: bytes | None) -> Exchange:
        live, token = "/live/" in path, headers["Authorization"].removeprefix("Bearer ")
        if self._gateway.outage == "busy":
            return _refusal(429, "Too many requests", retry_after=RETRY_AFTER)
        if self._gateway.outage == "unreachable":
            raise NotSent("no route")
        if self._gateway.outage != "silent" and not self._keys.accepts(token, live=live):
            reached("old keys are refused")
            return _refusal(401, "Invalid secret key.")
        self._gateway.live = live
        try:
            return self._call(method, path, json.loads(body) if body else {})
        except Refused as error:
            return _refused(error)

    def _call(self, method: str, path: str, fields: dict[str, Any]) -> Exchange:
        if "payload" in fields:
            return self._charged(str(fields["payload"]))
        if method == "POST":
            return _envelope(self._gateway.refund(fields["transaction_id"], fields["reason"], 1.0))
        return _envelope(self._gateway.status(path.rpartition("/")[2], 1.0))

    def _charged(self, payload: str) -> Exchange:
        """A charge. `proxied`: a proxy answers 401 in its own words, though the gateway has made the charge."""
        if self._gateway.outage is None and not self._keys.can_decrypt(payload):
            reached("an old encryption key is refused")
            return _refusal(400, "Invalid payload.")
        assert self.submission is not None
        transaction = self._gateway.charge(self.submission, 1.0)
        if self._gateway.charge_plan.proxied and self._keys.is_stored:
            reached("a proxy refuses the keys of a charge that was made")
            return _refusal(401, "Unauthorized")
        return _envelope(transaction)


def _refused(error: Refused) -> Exchange:
    if isinstance(error, CredentialsRefused):
        return _refusal(401, "Invalid secret key.")
    if isinstance(error, UnknownToGateway):
        return _refusal(404, "Transaction not found.")
    return _refusal(400, error.message, errors=[{"field": "reason", "message": "no"}])


def _refusal(status: int, message: str, retry_after: float | None = None, **more: Any) -> Exchange:
    return Exchange(status, json.dumps({"message": message, **more}).encode(), retry_after)


def _envelope(transaction: GatewayTransaction) -> Exchange:
    flags = {"refund": transaction.refunded, "chargeback": transaction.charged_back}
    data = {
        "transaction_id": transaction.transaction_id,
        "order_id": transaction.order_id,
        "amount": None if transaction.amount is None else int(transaction.amount),
        "currency": transaction.currency,
        **{name: {"status": flag} for name, flag in flags.items() if flag is not None},
    }
    envelope = {"status": transaction.raw_status, "message": transaction.message, "data": data}
    if transaction.redirect_url:
        envelope["redirect_url"] = transaction.redirect_url
    return Exchange(200, json.dumps(envelope).encode())
