"""The door for shops: routes a request to its use case and answers. Status codes live in this room, nowhere deeper."""

import json
import os
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any, Final

from charge.problems import Problem, problem_of
from charge.routes import Answer, ChargeRoutes, Event, build_routes, location
from payments.errors import PaymentsError
from payments.runtime.telemetry import PowertoolsTelemetry, powertools

Route = Callable[[ChargeRoutes, Event, float], Answer]

ROUTES: Final[Mapping[tuple[str, str], Route]] = {
    ("POST", "/charges"): ChargeRoutes.create,
    ("GET", "/charges"): ChargeRoutes.attempts,
    ("GET", "/charges/{id}"): ChargeRoutes.show,
    ("GET", "/charges/{id}/events"): ChargeRoutes.timeline,
    ("POST", "/charges/{id}/refunds"): ChargeRoutes.refund,
}
"""(method, resource of the template) → use case. API Gateway lets nothing else through."""

VERDICT_SECONDS: Final = 4.0
"""Kept back from the gateway's time: enough to write the verdict and answer, the table's own retries included."""


def handler(event: Event, context: Any) -> dict[str, Any]:
    """API Gateway's proxy event in, its proxy answer out."""
    telemetry = _telemetry()
    telemetry.begin(event.get("requestContext", {}).get("requestId"))
    try:
        return proxied(respond(event, context.get_remaining_time_in_millis() / 1000, _routes, telemetry))
    finally:
        telemetry.flush()


def respond(event: Event, seconds: float, routes: Callable[[], ChargeRoutes], telemetry: PowertoolsTelemetry) -> Answer:
    """One answer for every request: a resource, or a problem; never an exception."""
    try:
        route = ROUTES.get((event.get("httpMethod", ""), event.get("resource", "")))
        if route is None:
            return _problem(Problem(404, "not_found", "There is no such resource."))
        return _routed(route, routes(), event, seconds - VERDICT_SECONDS)
    except Problem as problem:
        return _problem(problem)
    except Exception as error:  # noqa: BLE001 - the last resort: what a bug says may quote what must not be said
        telemetry.unexpected(error)
        return _problem(Problem(500, "internal_error", "Something went wrong here.", "same-key"))


def _routed(route: Route, routes: ChargeRoutes, event: Event, seconds: float) -> Answer:
    try:
        return route(routes, event, seconds)
    except PaymentsError as error:
        raise problem_of(error, partial(location, event)) from error


def proxied(answer: Answer) -> dict[str, Any]:
    """An answer in API Gateway's words."""
    return {
        "statusCode": answer.status,
        "headers": {"Content-Type": "application/json", "Cache-Control": "no-store", **answer.headers},
        "body": json.dumps(answer.body, ensure_ascii=False),
    }


def _problem(problem: Problem) -> Answer:
    return Answer(problem.status, problem.body(), {**problem.headers, "Content-Type": "application/problem+json"})


@cache
def _telemetry() -> PowertoolsTelemetry:
    return powertools()


@cache
def _routes() -> ChargeRoutes:
    return build_routes(_telemetry())


if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start":
    _routes()  # what the snapshot should hold: clients and settings, no secret
