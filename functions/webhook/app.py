"""The door for the gateway's webhooks: bytes, verified, settled, published, answered.

There are only three deliveries, so no answer asks for another where another cannot help.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from payments.errors import SecretUnusable
from payments.gateway import envelope
from payments.gateway.signature import Scheme
from payments.model.payment import Payment
from payments.model.timestamps import utc_now
from payments.runtime import bootstrap
from payments.runtime.settings import WebhookSettings
from payments.runtime.telemetry import PowertoolsTelemetry, powertools
from payments.webhooks.handle import Outcome, WebhookHandler
from webhook.delivery import delivery_of
from webhook.verifier import Verifier

_CODES: Final = {Outcome.SETTLED: 200, Outcome.DEFERRED: 202}

Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class WebhookEndpoint:
    """What the door needs."""

    verifier: Verifier
    notifications: WebhookHandler
    dialect: envelope.Dialect
    telemetry: PowertoolsTelemetry

    def take(self, event: Event) -> int:
        """The HTTP status for a delivery."""
        delivery = delivery_of(event)
        if delivery.body is None:
            return self._refused(413, "too_large")
        if not self.verifier.knows_address(delivery.payment_id, delivery.token):
            return self._refused(404, "token")
        self.telemetry.about(delivery.payment_id)  # from here on only: before, it was whatever a stranger wrote there
        if not self.verifier.accepts(delivery.body, delivery.signature):
            return self._refused(401, "signature")
        return self._settled(delivery.payment_id, delivery.body)

    def _settled(self, payment_id: str, body: bytes) -> int:
        payment = self.notifications.ledger.get(payment_id)
        if payment is None:
            # Our own token for a payment we do not have: its claim was released, so nothing was sent for it.
            return self._refused(404, "unknown_payment")
        transaction = envelope.transaction_of(envelope.parse(body) or {}, self.dialect)
        if transaction is None:
            return self._unread(payment)
        return _CODES[self.notifications.take(payment, transaction)]

    def _unread(self, payment: Payment) -> int:
        """Signed, and not understood: no repeat will read better, but the gateway can be asked."""
        self.telemetry.about(payment.id, payment.order_id, payment.transaction_id)
        self.telemetry.note("webhook_not_understood", payment_id=payment.id)
        return _CODES[self.notifications.ask_soon(payment)]

    def _refused(self, status: int, cause: str) -> int:
        self.telemetry.note("webhook_refused", cause=cause)
        return status


def handler(event: Event, context: Any) -> dict[str, Any]:
    """API Gateway's proxy event in, its proxy answer out."""
    telemetry = _telemetry()
    telemetry.begin(event.get("requestContext", {}).get("requestId"))
    try:
        return {
            "statusCode": respond(event, _endpoint, telemetry),
            "headers": {"Cache-Control": "no-store"},
            "body": "",
        }
    finally:
        telemetry.flush()


def respond(event: Event, endpoint: Callable[[], WebhookEndpoint], telemetry: PowertoolsTelemetry) -> int:
    """The HTTP status; 5xx only where a repeat can help: our own secrets, table or code failed."""
    try:
        return endpoint().take(event)
    except SecretUnusable:
        return 503
    except Exception as error:  # noqa: BLE001 - the last resort: the gateway will deliver again
        telemetry.unexpected(error)
        return 500


@cache
def _telemetry() -> PowertoolsTelemetry:
    return powertools()


@cache
def _endpoint() -> WebhookEndpoint:
    telemetry = _telemetry()
    settings = WebhookSettings.from_environment()
    secrets = bootstrap.aws("secretsmanager")
    keys = bootstrap.gateway_keys_of(settings, telemetry, secrets)
    token_keys = bootstrap.token_key_of(settings.token_secret_id, telemetry, secrets)
    notifications = WebhookHandler(
        ledger=bootstrap.ledger_of(settings),
        gateway=bootstrap.gateway_of(settings, keys, telemetry),
        bus=bootstrap.bus_of(settings.bus_name, telemetry),
        clock=utc_now,
        telemetry=telemetry,
        confirm=settings.webhook_confirmation == "always",
    )
    scheme = Scheme(settings.webhook_digest, settings.webhook_encoding)
    verifier = Verifier(token_keys, keys, settings.webhook_signature, telemetry, scheme)
    return WebhookEndpoint(verifier, notifications, bootstrap.dialect_of(settings), telemetry)


if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start":
    _endpoint()  # what the snapshot should hold: clients and settings, no secret
