"""A day in a small shop: purchases through us, and changes that were made at the gateway alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local.demo import document
from local.simulator.control_client import Control
from local.stack import Shop


@dataclass(frozen=True, slots=True)
class Purchase:
    """`scenario`: the gateway's answer to the charge. `later`: the change at the gateway afterwards, by order."""

    order: str
    amount: int
    currency: str = "GBP"
    scenario: str = "approve"
    later: Callable[[Control, str], Any] | None = None


def _pays_after_all(gateway: Control, order: str) -> None:
    gateway.decide(order, "approve", overrule=True, quietly=True)


def _is_left_out(gateway: Control, order: str) -> None:
    gateway.list_as(order, hidden=True)


def _is_amended(gateway: Control, order: str) -> None:
    gateway.amend(order, amount=2050)


FORGOTTEN = "web-2008"
"""The order that the gateway does not know, today as on the day before."""

DAY = (
    Purchase("web-2001", 4990),
    Purchase("web-2002", 12900, later=Control.refund),
    Purchase("web-2003", 7999, later=Control.charge_back),
    Purchase("web-2004", 2500, later=_is_amended),
    Purchase("web-2005", 19900, later=Control.suspect),
    Purchase("web-2006", 3300, scenario="charged-then-500"),
    Purchase("web-2007", 5600, "EUR", scenario="decline", later=_pays_after_all),
    Purchase(FORGOTTEN, 8800, "EUR", later=Control.forget),
    Purchase("web-2009", 1500, "EUR"),
    Purchase("web-2010", 4200, scenario="decline"),
    Purchase("web-2011", 990, later=_is_left_out),
)
ORPHAN = {"amount": 6400, "currency": "EUR", "order_id": "till-77"}
"""Charged at the gateway without us: by hand in its dashboard, or by another system on the account."""


def play(shop: Shop, gateway: Control) -> None:
    """Plays the whole day. No webhook arrives, so the reconciliation alone finds the changes."""
    for bought in DAY:
        gateway.script(bought.scenario, order_id=bought.order, webhook="lost")
        request = {"order_id": bought.order, "amount": bought.amount, "currency": bought.currency}
        shop.charge(document.payment() | request, bought.order)
    for bought in DAY:
        if bought.later:
            bought.later(gateway, bought.order)
    gateway.orphan(**ORPHAN)
