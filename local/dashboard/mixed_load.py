"""Mixed scenarios: a few minutes of a shop's life at a gateway that has a bad moment in the middle."""

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
_INCIDENTS = {0.2: "_change_of_mind", 0.75: "_refused_key", 0.85: "_change_of_mind", 0.92: "_behind_our_back"}
"""At which part of the play what happens once."""


@dataclass(slots=True)
class Scenes:
    """`follow_up` runs the function now: the schedule's minute is long for a picture of a few of them."""

    shop: Shop
    bank: Control
    follow_up: Callable[[], None]
    chance: random.Random = field(default_factory=lambda: random.Random(8))  # noqa: S311 - it picks scenarios
    _at_the_bank: list[str] = field(default_factory=list)
    _declined: list[str] = field(default_factory=list)
    _paid: list[tuple[str, str]] = field(default_factory=list)

    def play(self, seconds: float, meanwhile: Callable[[], None]) -> None:
        """Charges, forgeries and reconciliations for so long; `meanwhile` is called at each reconciliation."""
        begun, followed_up_at, incidents = time.monotonic(), 0.0, sorted(_INCIDENTS)
        while (now := time.monotonic() - begun) < seconds:
            in_outage = _OUTAGE_FROM <= now / seconds < _OUTAGE_TO
            self.bank.switch(status_unavailable=in_outage)
            self._charge(_OUTAGE if in_outage else _GOOD | _ODD)
            if incidents and now / seconds > incidents[0]:
                getattr(self, _INCIDENTS[incidents.pop(0)])()
            if self.chance.random() < 0.06:
                self._forge()
            if self.chance.random() < 0.25:
                self._return_of_a_shopper()
            if self._paid and self.chance.random() < 0.08:
                self._refund(*self._paid.pop())
            if now - followed_up_at >= _FOLLOW_UP_EVERY:
                followed_up_at = now
                self.follow_up()
                meanwhile()
            time.sleep(_PAUSE)

    def _charge(self, mix: dict[str, float] | dict[str, int]) -> None:
        scenario, order = self._of(mix), f"scene-{secrets.token_hex(6)}"
        lost = {"webhook": "lost"} if scenario in _OUTAGE and scenario != "approve" else {}
        self.bank.script(scenario, order_id=order, **lost)
        answer = self.shop.charge(self._order(order), order)
        became = answer.json.get("status")
        if became in ("requires_action", "pending"):
            self._at_the_bank.append(order)
        if became == "failed":
            self._declined.append(order)
        if became == "succeeded":
            self._paid.append((order, answer.json["id"]))

    def _refund(self, order: str, payment_id: str) -> None:
        self.bank.script(self._of(_REFUNDS), call="refund", order_id=order)
        self.shop.post(f"/charges/{payment_id}/refunds", {"reason": "sent back"}, {"Idempotency-Key": order})

    def _behind_our_back(self) -> None:
        """What is done in the gateway's dashboard, for the reconciliation to find."""
        for deed in (self.bank.refund, self.bank.charge_back, self.bank.charge_back, self.bank.suspect):
            if self._paid:
                deed(self._paid.pop(0)[0])
        self.bank.orphan(amount=6400, currency="EUR")

    def _return_of_a_shopper(self) -> None:
        if self._at_the_bank:
            self.bank.decide(self._at_the_bank.pop(0), self.chance.choice(["approve", "approve", "approve", "decline"]))

    def _change_of_mind(self) -> None:
        """The bank lets through what it had declined."""
        if self._declined:
            self.bank.decide(self._declined.pop(), "approve", overrule=True)

    def _refused_key(self) -> None:
        """The gateway does not know our key for a moment: not the cached one, and not the one fetched anew."""
        for _ in range(2):
            self.bank.script("bad-credentials")
        order = f"scene-{secrets.token_hex(6)}"
        self.shop.charge(self._order(order), order)

    def _forge(self) -> None:
        """A stranger guesses an address; some guess fast."""
        for _ in range(self.chance.choice([1, 1, 4])):
            Shop(self.shop.api_url, self.shop.region, None).post(f"/webhooks/pay-agency/pay_guess/{'0' * 64}", {})

    def _order(self, order: str) -> dict[str, Any]:
        amount = self.chance.choice([499, 1250, 2999, 4999, 12900])
        return document.payment() | {"order_id": order, "amount": amount, "currency": self._of(_CURRENCIES)}

    def _of(self, weights: dict[str, float] | dict[str, int]) -> str:
        return self.chance.choices(list(weights), list(weights.values()))[0]
