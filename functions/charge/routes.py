"""The routes: one method a route. Each reads the request, calls one use case and shapes the answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from charge import request
from charge.field_rules import Context
from charge.problems import Problem
from charge.resource import RETRY_AFTER_SECONDS, answer_code, refund_code, resource, timeline
from charge.schemas import HostedBody
from payments.charging.charge import Charged, Charging, WebhookAddress
from payments.charging.request import ChargeRequest
from payments.follow_up.refresh import Refreshing
from payments.model.identifiers import caller_of, is_payment_id
from payments.model.money import Money
from payments.model.payment import Payment
from payments.model.status import Status
from payments.model.timestamps import utc_now
from payments.ports.runtime import Clock
from payments.refunding.refund import Refunded, Refunding
from payments.refunding.request import RefundRequest
from payments.runtime import bootstrap
from payments.runtime.settings import ChargeSettings
from payments.runtime.telemetry import PowertoolsTelemetry
from payments.webhooks.callback_token import webhook_url

Event = Mapping[str, Any]


class TokenKey(Protocol):
    """Where the webhook tokens' key comes from."""

    def current(self) -> bytes:
        """The key. Raises SecretUnusable."""


def charge_request(caller: str, key: str, body: HostedBody) -> ChargeRequest:
    """What the house is asked for."""
    return ChargeRequest(
        caller=caller,
        idempotency_key=key,
        money=Money(body.amount, body.currency),
        card=body.card(),
        shopper=body.shopper(),
        redirect_url=body.redirect_url,
        order_id=body.order_id,
        terminal_id=body.terminal_id,
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, JSON, headers."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChargeRoutes:
    """The routes of `/charges`, with what they need."""

    charging: Charging
    refreshing: Refreshing
    refunding: Refunding
    token_key: TokenKey
    clock: Clock
    max_amount: int
    public_base_url: str

    def create(self, event: Event, seconds: float) -> Answer:
        """POST /charges."""
        caller = caller_of(_principal(event))
        key = request.idempotency_key(_headers(event))
        told = request.body_bytes(event)
        context = Context(self.charging.live, self.max_amount, self.clock())
        try:
            order = charge_request(caller, key, request.charge_body(told, context))
        except Problem:
            # What is not taken today may repeat what was taken: cards expire, limits change.
            charged = self._earlier(caller, key, told, context.forgiving())
            if charged is None:
                raise
        else:
            charged = self.charging.charge(order, self._webhook_address(event), seconds)
        headers = _headers_of(event, charged)
        return _told(charged.payment, answer_code(charged.payment, headers), headers)

    def _earlier(self, caller: str, key: str, told: bytes, forgiving: Context) -> Charged | None:
        try:
            return self.charging.earlier(charge_request(caller, key, request.charge_body(told, forgiving)))
        except Problem:
            return None

    def _webhook_address(self, event: Event) -> WebhookAddress:
        base = self._base_url(event)
        return lambda payment_id: webhook_url(base, payment_id, self.token_key.current())

    def show(self, event: Event, seconds: float) -> Answer:
        """GET /charges/{id}; with ?refresh=true the gateway is asked first."""
        payment = self._payment(event)
        if (event.get("queryStringParameters") or {}).get("refresh") == "true":
            payment = self.refreshing.refresh(payment)
        return _told(payment, 200, {})

    def attempts(self, event: Event, seconds: float) -> Answer:
        """GET /charges?order_id=: every payment that was tried for an order, the oldest first."""
        order_id = (event.get("queryStringParameters") or {}).get("order_id")
        if not order_id:
            raise Problem(400, "order_id_missing", "The query parameter order_id is required.")
        order = self.charging.ledger.order(str(order_id)[:128])
        payments = [self.charging.ledger.get(attempt) for attempt in order.attempts] if order else []
        return Answer(200, {"data": [resource(payment) for payment in payments if payment]})

    def refund(self, event: Event, seconds: float) -> Answer:
        """POST /charges/{id}/refunds: the whole amount back."""
        order = RefundRequest(
            caller=caller_of(_principal(event)),
            idempotency_key=request.idempotency_key(_headers(event)),
            reason=request.refund_body(request.body_bytes(event)).reason,
        )
        refunded = self.refunding.refund(self._payment(event), order, seconds)
        headers = _headers_of(event, refunded)
        return Answer(refund_code(refunded, headers), resource(refunded.payment), headers)

    def timeline(self, event: Event, seconds: float) -> Answer:
        """GET /charges/{id}/events: what happened, in order, as the bus tells it, and what each entry rests on."""
        return Answer(200, {"data": timeline(self._payment(event))})

    def _payment(self, event: Event) -> Payment:
        payment_id = str((event.get("pathParameters") or {}).get("id", ""))
        payment = self.charging.ledger.get(payment_id) if is_payment_id(payment_id) else None
        if payment is None:
            raise Problem(404, "payment_not_found", "There is no payment with this id.")
        return payment

    def _base_url(self, event: Event) -> str:
        if self.public_base_url:
            return self.public_base_url
        return own_address(event.get("requestContext", {}))


def location(event: Event, payment: Payment) -> str:
    """Where a payment is found: a path on the host that was asked, with the stage if the path has one."""
    path = str(event.get("requestContext", {}).get("path") or event.get("path") or "/charges")
    return f"{path.rsplit('/charges', maxsplit=1)[0]}/charges/{payment.id}"


def own_address(context: Mapping[str, Any]) -> str:
    """The API's own address. Raises Problem when the shop came by a custom domain, whose paths only its owner knows."""
    domain = str(context.get("domainName") or "")
    if not domain.startswith(str(context.get("apiId") or "-")):
        title = "Behind a custom domain PublicBaseUrl must be set; nothing was sent."
        raise Problem(503, "not_configured", title, "same-key")
    return f"https://{domain}/{context['stage']}"


def build_routes(telemetry: PowertoolsTelemetry) -> ChargeRoutes:
    """The routes of production, from the environment. Raises SettingsError. Reads no secret and makes no call."""
    settings = ChargeSettings.from_environment()
    secrets = bootstrap.aws("secretsmanager")
    gateway = bootstrap.gateway_of(settings, bootstrap.gateway_keys_of(settings, telemetry, secrets), telemetry)
    ledger = bootstrap.ledger_of(settings)
    charging = Charging(ledger, gateway, utc_now, telemetry, live=settings.gateway_mode == "live")
    refreshing = Refreshing(ledger, gateway, utc_now, telemetry)
    refunding = Refunding(ledger, gateway, utc_now, telemetry)
    token_key = bootstrap.token_key_of(settings.token_secret_id, telemetry, secrets)
    return ChargeRoutes(
        charging, refreshing, refunding, token_key, utc_now, settings.max_amount, settings.public_base_url
    )


def _headers_of(event: Event, done: Charged | Refunded) -> dict[str, str]:
    """Where the payment is found, and whether this request only repeated an earlier one."""
    return {
        "Location": location(event, done.payment),
        **({"Idempotency-Replayed": "true"} if done.replayed else {}),
    }


def _told(payment: Payment, status: int, headers: dict[str, str]) -> Answer:
    if payment.status is Status.PROCESSING:
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return Answer(status, resource(payment), headers)


def _principal(event: Event) -> str:
    arn = ((event.get("requestContext") or {}).get("identity") or {}).get("userArn")
    if not arn:
        raise Problem(403, "not_authenticated", "The request must be signed (AWS Signature Version 4).")
    return str(arn)


def _headers(event: Event) -> dict[str, str]:
    return {name.lower(): value for name, value in (event.get("headers") or {}).items()}
