"""The charge door: routes a request to its use case and answers. HTTP status codes exist in this room only."""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from time import monotonic
from typing import Any, Final

from charge.answers import Answer, problem_answer
from charge.problems import Problem, RequestRefused, problem_of
from charge.routes import ChargeRoutes, Event, location, principal_of
from payments.charging.charge import Charging
from payments.errors import NothingSent, SecretUnusable
from payments.follow_up.refresh import Refreshing
from payments.model.timestamps import utc_now
from payments.ports.ledger import TableBusy
from payments.refunding.refund import Refunding
from payments.runtime import bootstrap
from payments.runtime.lambda_entry import built_once, invocation
from payments.runtime.settings import ChargeSettings
from payments.runtime.telemetry import PowertoolsTelemetry

Route = Callable[[ChargeRoutes, Event, float], Answer]

ROUTES: Final[Mapping[tuple[str, str], Route]] = {
    ("POST", "/charges"): ChargeRoutes.create,
    ("GET", "/charges"): ChargeRoutes.attempts,
    ("GET", "/charges/{id}"): ChargeRoutes.show,
    ("GET", "/charges/{id}/events"): ChargeRoutes.timeline,
    ("POST", "/charges/{id}/refunds"): ChargeRoutes.refund,
    ("POST", "/charges/{id}/cancel"): ChargeRoutes.cancel,
}
"""(method, resource of the template) → route. API Gateway passes nothing else on."""

VERDICT_SECONDS: Final = 7.0
"""Kept back from the gateway's time: enough to write the verdict and answer, though the table or the secrets hang."""


def handler(event: Event, context: Any) -> dict[str, Any]:
    """API Gateway's proxy event in, its proxy answer out."""
    with invocation(event.get("requestContext", {}).get("requestId")) as telemetry:
        return proxied(respond(event, context.get_remaining_time_in_millis() / 1000, _routes, telemetry))


def respond(event: Event, seconds: float, routes: Callable[[], ChargeRoutes], telemetry: PowertoolsTelemetry) -> Answer:
    """One answer for every request, `seconds` before the function is stopped. Never raises."""
    until = monotonic() + seconds
    try:
        route = ROUTES.get((event.get("httpMethod", ""), event.get("resource", "")))
        if route is None:
            return problem_answer(Problem(404, "not_found", "There is no such resource."))
        telemetry.requested_by(principal_of(event))
        built = routes()  # at a cold start this takes time, which the gateway cannot have
        return _routed(route, built, event, until - monotonic() - VERDICT_SECONDS)
    except Exception as error:  # noqa: BLE001 - the last resort; the text of an unknown error may quote a card
        telemetry.unexpected(error)
        return problem_answer(Problem(500, "internal_error", "Something went wrong here.", "same-key"))


def _routed(route: Route, routes: ChargeRoutes, event: Event, seconds: float) -> Answer:
    try:
        return route(routes, event, seconds)
    except RequestRefused as refused:
        return problem_answer(refused.problem)
    except (NothingSent, SecretUnusable, TableBusy) as error:
        return problem_answer(problem_of(error, partial(location, event)))


def proxied(answer: Answer) -> dict[str, Any]:
    """The answer in the format of API Gateway's proxy integration."""
    return {
        "statusCode": answer.status,
        "headers": {"Content-Type": answer.content_type, "Cache-Control": "no-store", **answer.headers},
        "body": json.dumps(answer.body, ensure_ascii=False),
    }


@built_once
def _routes(telemetry: PowertoolsTelemetry) -> ChargeRoutes:
    """Raises SettingsError. Reads no secret and makes no call."""
    settings = ChargeSettings.from_environment()
    secrets = bootstrap.aws("secretsmanager")
    gateway = bootstrap.gateway_of(settings, bootstrap.gateway_keys_of(settings, telemetry, secrets), telemetry)
    ledger = bootstrap.ledger_of(settings)
    return ChargeRoutes(
        ledger=ledger,
        charging=Charging(
            ledger,
            gateway,
            utc_now,
            telemetry,
            live=settings.gateway_mode == "live",
            left_after=timedelta(minutes=settings.left_redirect_minutes) or None,
            refunds_superseded=settings.superseded_payment_policy == "refund",
        ),
        refreshing=Refreshing(ledger, gateway, utc_now, telemetry),
        refunding=Refunding(ledger, gateway, utc_now, telemetry),
        token_key=bootstrap.token_key_of(settings.token_secret_id, telemetry, secrets),
        clock=utc_now,
        max_amount=settings.max_amount,
        public_base_url=settings.public_base_url,
    )
