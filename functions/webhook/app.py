"""The webhook door: verifies a delivery of the gateway, passes it to the use case and answers with a status code.

The gateway repeats a delivery three times at most, so a 5xx is answered only if a repeat can help.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from payments.errors import SecretUnusable
from payments.gateway import envelope
from payments.gateway.signature import Scheme
from payments.model.payment import Payment
from payments.model.timestamps import utc_now
from payments.runtime import bootstrap
from payments.runtime.lambda_entry import built_once, invocation
from payments.runtime.settings import WebhookSettings
from payments.runtime.telemetry import PowertoolsTelemetry
from payments.webhooks.handle import Outcome, WebhookHandler
from webhook.delivery import delivery_of
from webhook.verifier import Verifier

_STATUS_CODES: Final = {Outcome.RECORDED: 200, Outcome.DEFERRED: 202}

Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class WebhookEndpoint:
    """The route of the gateway's webhooks."""

    verifier: Verifier
    webhooks: WebhookHandler
    dialect: envelope.Dialect
    telemetry: PowertoolsTelemetry

    def receive(self, event: Event) -> int:
        """The HTTP status code for a delivery. Raises SecretUnusable."""
        delivery = delivery_of(event)
        if delivery.body is None:
            return self._refused(413, "too_large")
        if not self.verifier.accepts_token(delivery.payment_id, delivery.token):
            return self._refused(404, "token")
        self.telemetry.about(delivery.payment_id)  # before the token is verified, the sender chooses this text
        if not self.verifier.accepts_signature(delivery.body, delivery.signature):
            return self._refused(401, "signature")
        return self._verified(delivery.payment_id, delivery.body)

    def _verified(self, payment_id: str, body: bytes) -> int:
        payment = self.webhooks.ledger.get(payment_id)
        if payment is None:
            # The token is ours but the payment is gone: its claim was released because nothing was sent.
            return self._refused(404, "unknown_payment")
        transaction = envelope.transaction_of(envelope.parse(body) or {}, self.dialect)
        if transaction is None:
            return self._not_understood(payment)
        return _STATUS_CODES[self.webhooks.handle(payment, transaction)]

    def _not_understood(self, payment: Payment) -> int:
        """Another delivery of the same bytes would not help; a status query may."""
        self.telemetry.about(payment.id, payment.order_id, payment.transaction_id)
        self.telemetry.note("webhook_not_understood", payment_id=payment.id)
        return _STATUS_CODES[self.webhooks.defer(payment)]

    def _refused(self, status: int, cause: str) -> int:
        self.telemetry.note("webhook_refused", cause=cause)
        return status


def handler(event: Event, context: Any) -> dict[str, Any]:
    """API Gateway's proxy event in, its proxy answer out."""
    with invocation(event.get("requestContext", {}).get("requestId")) as telemetry:
        return {
            "statusCode": respond(event, _endpoint, telemetry),
            "headers": {"Cache-Control": "no-store"},
            "body": "",
        }


def respond(event: Event, endpoint: Callable[[], WebhookEndpoint], telemetry: PowertoolsTelemetry) -> int:
    """The HTTP status code for every event. Never raises.

    5xx asks for another delivery: a secret or the table could not be read, or there is a bug.
    """
    try:
        return endpoint().receive(event)
    except SecretUnusable:
        return 503
    except Exception as error:  # noqa: BLE001 - the last resort: the gateway delivers again
        telemetry.unexpected(error)
        return 500


@built_once
def _endpoint(telemetry: PowertoolsTelemetry) -> WebhookEndpoint:
    settings = WebhookSettings.from_environment()
    secrets = bootstrap.aws("secretsmanager")
    keys = bootstrap.gateway_keys_of(settings, telemetry, secrets)
    token_keys = bootstrap.token_key_of(settings.token_secret_id, telemetry, secrets)
    webhooks = WebhookHandler(
        ledger=bootstrap.ledger_of(settings, leaves_to_relay=False),
        gateway=bootstrap.gateway_of(settings, keys, telemetry),
        bus=bootstrap.bus_of(settings.bus_name, telemetry),
        clock=utc_now,
        telemetry=telemetry,
        confirm=settings.webhook_confirmation == "always",
    )
    scheme = Scheme(settings.webhook_digest, settings.webhook_encoding)
    verifier = Verifier(token_keys, keys, settings.webhook_signature, telemetry, scheme)
    return WebhookEndpoint(verifier, webhooks, bootstrap.dialect_of(settings), telemetry)
