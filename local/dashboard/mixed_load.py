"""Mixed scenarios: a few minutes of payments, with an outage of the gateway in the middle."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from local.demo import document
from local.simulator.control_client import Control
from local.stack.api_client import Shop

_GOOD = {"approve": 12, "redirect": 5, "decline": 3, "blocked": 1, "pending": 2, "abandoned": 1}
_ODD = {
    "charged-then-500": 2,
    "garbage": 1,
    "wrong-amount": 0.6,
    "wrong-currency": 0.3,
    "unknown-status": 0.4,
    "webhook-unsigned": 0.8,
    "webhook-wrongly-signed": 0.6,
    "webhook-duplicate": 1,
    "status-404-then-found": 0.5,
}
_OUTAGE = {"charged-then-500": 6, "charged-then-reset": 1, "garbage": 2, "approve": 2}
_REFUNDS = {"refunded": 4, "refunded-then-500": 2, "refund-refused-422": 1}
_CURRENCIES = {"GBP": 5, "EUR": 3, "USD": 2}
_OUTAGE_FROM, _OUTAGE_TO = 0.35, 0.55
_FOLLOW_UP_EVERY = 10.0
_PAUSE = 0.7
_INCIDENTS = {0.2: "_late_approval", 0.75: "_refused_key", 0.85: "_late_approval", 0.92: "_dashboard_actions"}
"""Incidents that happen once, by the part of the run that has passed."""


@dataclass(slots=True)
class MixedLoad:
    """`follow_up` invokes the function at once: its schedule of one minute is too slow for a run of a few minutes."""

    shop: Shop
    gateway: Control
    follow_up: Callable[[], None]
    rng: random.Random = field(default_factory=lambda: random.Random(8))  # noqa: S311 - it picks scenarios
    _undecided: list[str] = field(default_factory=list)
    _declined: list[str] = field(default_factory=list)
    _paid: list[tuple[str, str]] = field(default_factory=list)

    def run(self, seconds: float, meanwhile: Callable[[], None]) -> None:
        """Charges, forged webhooks and follow-ups for `seconds`; `meanwhile` is called after each follow-up."""
        started, followed_up_at, incidents = time.monotonic(), 0.0, sorted(_INCIDENTS)
        while (now := time.monotonic() - started) < seconds:
            in_outage = _OUTAGE_FROM <= now / seconds < _OUTAGE_TO
            self.gateway.switch(status_unavailable=in_outage)
            self._charge(_OUTAGE if in_outage else _GOOD | _ODD)
            if incidents and now / seconds > incidents[0]:
                getattr(self, _INCIDENTS[incidents.pop(0)])()
            if self.rng.random() < 0.06:
                self._forge_webhooks()
            if self.rng.random() < 0.25:
                self._decide_one()
            if self._paid and self.rng.random() < 0.08:
                self._refund(*self._paid.pop())
            if now - followed_up_at >= _FOLLOW_UP_EVERY:
                followed_up_at = now
                self.follow_up()
                meanwhile()
            time.sleep(_PAUSE)

    def _charge(self, mix: dict[str, float] | dict[str, int]) -> None:
        scenario, order = self._pick(mix), f"scene-{secrets.token_hex(6)}"
        lost = {"webhook": "lost"} if scenario in _OUTAGE and scenario != "approve" else {}
        self.gateway.script(scenario, order_id=order, **lost)
        answer = self.shop.charge(self._order(order), order)
        became = answer.json.get("status")
        if became in ("requires_action", "pending"):
            self._undecided.append(order)
        if became == "failed":
            self._declined.append(order)
        if became == "succeeded":
            self._paid.append((order, answer.json["id"]))

    def _refund(self, order: str, payment_id: str) -> None:
        self.gateway.script(self._pick(_REFUNDS), call="refund", order_id=order)
        self.shop.post(f"/charges/{payment_id}/refunds", {"reason": "sent back"}, {"Idempotency-Key": order})

    def _dashboard_actions(self) -> None:
        """Actions in the gateway's dashboard, which the reconciliation finds."""
        for action in (self.gateway.refund, self.gateway.charge_back, self.gateway.charge_back, self.gateway.suspect):
            if self._paid:
                action(self._paid.pop(0)[0])
        self.gateway.orphan(amount=6400, currency="EUR")

    def _decide_one(self) -> None:
        if self._undecided:
            self.gateway.decide(self._undecided.pop(0), self.rng.choice(["approve", "approve", "approve", "decline"]))

    def _late_approval(self) -> None:
        """The bank approves a payment that it had declined."""
        if self._declined:
            self.gateway.decide(self._declined.pop(), "approve", overrule=True)

    def _refused_key(self) -> None:
        """The gateway refuses our key twice: the cached one, and the one that is fetched again."""
        for _ in range(2):
            self.gateway.script("bad-credentials")
        order = f"scene-{secrets.token_hex(6)}"
        self.shop.charge(self._order(order), order)

    def _forge_webhooks(self) -> None:
        """Webhooks with a guessed URL, sometimes several at once."""
        for _ in range(self.rng.choice([1, 1, 4])):
            Shop(self.shop.api_url, self.shop.region, None).post(f"/webhooks/pay-agency/pay_guess/{'0' * 64}", {})

    def _order(self, order: str) -> dict[str, Any]:
        amount = self.rng.choice([499, 1250, 2999, 4999, 12900])
        return document.payment() | {"order_id": order, "amount": amount, "currency": self._pick(_CURRENCIES)}

    def _pick(self, weights: dict[str, float] | dict[str, int]) -> str:
        return self.rng.choices(list(weights), list(weights.values()))[0]
