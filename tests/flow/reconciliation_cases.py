"""Payments that change at the gateway alone, each with the discrepancy and outcome that a reconciliation must find."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from local.simulator.control_client import Control

GatewayAction = Callable[[Control, str], Any]


def nothing(_gateway: Control, _order: str) -> None:
    """Leaves the transaction unchanged."""


@dataclass(frozen=True)
class Case:
    """A payment, an action at the gateway, and what the reconciliation must make of both."""

    act: GatewayAction
    discrepancy: str | None
    action: str = "none"
    status: str = "succeeded"
    published: str | None = None
    scenario: str = "approve"
    play: dict[str, Any] = field(default_factory=dict)


def review(act: GatewayAction, discrepancy: str, **more: Any) -> Case:
    return Case(act, discrepancy, "needs_review", "needs_review", "needs_review", **more)


CASES = {
    "agrees": Case(nothing, None),
    "never-taken": Case(nothing, None, status="failed", scenario="refused-422"),
    "refunded": Case(Control.refund, "refunded_elsewhere", "recorded", published="refunded"),
    "charged-back": Case(Control.charge_back, "charged_back", "recorded", published="charged_back"),
    "in-doubt": Case(nothing, "recorded", "recorded", published="succeeded", scenario="charged-then-500"),
    "paid-after-all": Case(
        lambda gateway, order: gateway.decide(order, "approve", overrule=True, quietly=True),
        *("late_success", "recorded"),
        published="succeeded",
        scenario="decline",
    ),
    "suspected": review(Control.suspect, "suspicious"),
    "other-amount": review(lambda gateway, order: gateway.amend(order, amount=99), "amount_drift"),
    "other-currency": review(lambda gateway, order: gateway.amend(order, currency="EUR"), "currency_drift"),
    "taken-back": review(
        lambda gateway, order: gateway.decide(order, "decline", overrule=True, quietly=True), "status_drift"
    ),
    "in-doubt-and-other": review(
        lambda gateway, order: gateway.amend(order, amount=99), "mismatch", scenario="charged-then-500"
    ),
    "blocked-there": Case(
        lambda gateway, order: gateway.decide(order, "block", overrule=True, quietly=True),
        "status_differs",
        status="failed",
        scenario="decline",
    ),
    "forgotten": review(Control.forget, "unknown_to_gateway"),
    "never-arrived": Case(nothing, "unknown_to_gateway", status="processing", scenario="uncharged-500"),
    "unlisted": Case(lambda gateway, order: gateway.list_as(order, hidden=True), "not_listed"),
    "list-lags": Case(lambda gateway, order: gateway.list_as(order, status="PENDING"), "list_disagrees"),
    "cannot-be-asked": Case(
        lambda gateway, order: gateway.amend(order, amount=99),
        "unconfirmed",
        play={"status": "unavailable", "status_times": 99},
    ),
}
