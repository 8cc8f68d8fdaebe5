"""The routes: one method a route. Each reads the request, calls one use case and returns the answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from charge import request
from charge.answers import Answer, charge_answer, payment_answer, refund_answer
from charge.field_rules import Context
from charge.paging import page_of
from charge.problems import Problem, RequestRefused
from charge.resource import resource, timeline
from charge.schemas import HostedBody
from payments.charging.charge import Charged, Charging, WebhookAddress
from payments.charging.request import ChargeRequest
from payments.follow_up.refresh import Refreshing
from payments.model.identifiers import caller_of, is_payment_id
from payments.model.money import Money
from payments.model.payment import Payment
from payments.ports.ledger import OrderReader
from payments.ports.runtime import Clock
from payments.refunding.refund import Refunding
from payments.refunding.request import RefundRequest
from payments.webhooks.callback_token import webhook_url

Event = Mapping[str, Any]


class TokenKey(Protocol):
    """The source of the key that signs the tokens in webhook addresses."""

    def current(self) -> bytes:
        """The newest key. Raises SecretUnusable."""


@dataclass(frozen=True, slots=True)
class ChargeRoutes:
    """The routes of `/charges`. `max_amount` in minor units; `public_base_url` empty for the API's own address.

    Each route takes API Gateway's event and the seconds that the gateway may use. It raises RequestRefused and what its
    use case raises.
    """

    ledger: OrderReader
    charging: Charging
    refreshing: Refreshing
    refunding: Refunding
    token_key: TokenKey
    clock: Clock
    max_amount: int
    public_base_url: str

    def create(self, event: Event, seconds: float) -> Answer:
        """POST /charges."""
        caller = _authenticated(event)
        headers = _headers(event)
        key = request.idempotency_key(headers)
        body = request.body_bytes(event, headers)
        context = Context(self.charging.live, self.max_amount, self.clock())
        try:
            charge_request = _charge_request(caller, key, request.charge_body(body, context))
        except RequestRefused:
            # Invalid today, but perhaps a retry of a request that was valid: cards expire, limits change.
            charged = self._earlier(caller, key, body, context.for_replay())
            if charged is None:
                raise
        else:
            charged = self.charging.charge(charge_request, self._webhook_address(event), seconds)
        return charge_answer(charged, location(event, charged.payment))

    def _earlier(self, caller: str, key: str, body: bytes, context: Context) -> Charged | None:
        try:
            return self.charging.earlier(_charge_request(caller, key, request.charge_body(body, context)))
        except RequestRefused:
            return None

    def _webhook_address(self, event: Event) -> WebhookAddress:
        base = self.public_base_url or own_address(event.get("requestContext", {}))
        return lambda payment_id: webhook_url(base, payment_id, self.token_key.current())

    def show(self, event: Event, seconds: float) -> Answer:
        """GET /charges/{id}; with ?refresh=true the gateway is asked first."""
        payment = self._payment(event)
        if (event.get("queryStringParameters") or {}).get("refresh") == "true":
            payment = self.refreshing.refresh(payment, principal_of(event))
        return payment_answer(payment)

    def attempts(self, event: Event, seconds: float) -> Answer:
        """GET /charges?order_id=: the payments of an order in the mode of this stack, oldest first, page by page."""
        query = event.get("queryStringParameters") or {}
        order_id = query.get("order_id")
        if not order_id:
            raise RequestRefused(Problem(400, "order_id_missing", "The query parameter order_id is required."))
        order = self.ledger.order(str(order_id)[:128], live=self.charging.live)
        page, next_cursor = page_of(order.attempts if order else (), query)
        payments = self.ledger.several(page)
        data = [resource(payments[attempt]) for attempt in page if attempt in payments]
        return Answer(200, {"data": data} | ({"next_cursor": next_cursor} if next_cursor else {}))

    def refund(self, event: Event, seconds: float) -> Answer:
        """POST /charges/{id}/refunds: the whole amount."""
        headers = _headers(event)
        refund_request = RefundRequest(
            caller=_authenticated(event),
            idempotency_key=request.idempotency_key(headers),
            reason=request.refund_body(request.body_bytes(event, headers)).reason,
        )
        refunded = self.refunding.refund(self._payment(event), refund_request, seconds)
        return refund_answer(refunded, location(event, refunded.payment))

    def cancel(self, event: Event, seconds: float) -> Answer:
        """POST /charges/{id}/cancel: frees the order. The gateway's page stays open. A body is not read."""
        principal = _authenticated(event)
        return payment_answer(self.charging.cancel(self._payment(event), principal))

    def timeline(self, event: Event, seconds: float) -> Answer:
        """GET /charges/{id}/events: the payment's history, oldest first, with the evidence for each entry."""
        return Answer(200, {"data": timeline(self._payment(event))})

    def _payment(self, event: Event) -> Payment:
        payment_id = str((event.get("pathParameters") or {}).get("id", ""))
        payment = self.ledger.get(payment_id) if is_payment_id(payment_id) else None
        if payment is None:
            raise RequestRefused(Problem(404, "payment_not_found", "There is no payment with this id."))
        return payment


def location(event: Event, payment: Payment) -> str:
    """The payment's path on the requested host, with the stage or base path that the request's path has."""
    path = str(event.get("requestContext", {}).get("path") or event.get("path") or "/charges")
    return f"{path.rsplit('/charges', maxsplit=1)[0]}/charges/{payment.id}"


def own_address(context: Mapping[str, Any]) -> str:
    """The API's own address, from the event's request context.

    Raises RequestRefused 503 if the request came through a custom domain: the event does not show its base path.
    """
    domain = str(context.get("domainName") or "")
    if not domain.startswith(str(context.get("apiId") or "-")):
        title = "Behind a custom domain PublicBaseUrl must be set; nothing was sent."
        raise RequestRefused(Problem(503, "not_configured", title, "same-key"))
    return f"https://{domain}/{context['stage']}"


def _charge_request(caller: str, key: str, body: HostedBody) -> ChargeRequest:
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


def principal_of(event: Event) -> str | None:
    """The AWS principal that signed the request: for an assumed role the role, without the session."""
    arn = ((event.get("requestContext") or {}).get("identity") or {}).get("userArn")
    return caller_of(str(arn)) if arn else None


def _authenticated(event: Event) -> str:
    principal = principal_of(event)
    if principal is None:
        title = "The request must be signed (AWS Signature Version 4)."
        raise RequestRefused(Problem(403, "not_authenticated", title))
    return principal


def _headers(event: Event) -> dict[str, str]:
    return {name.lower(): value for name, value in (event.get("headers") or {}).items()}
