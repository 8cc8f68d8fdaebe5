"""A day in a small shop: what was bought through us, and what the gateway's dashboard was used for meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local.demo import document
from local.simulator.control_client import Control
from local.stack import Shop


@dataclass(frozen=True, slots=True)
class Purchase:
    """`scenario`: what the gateway plays. `later`: what is done there afterwards, by order."""

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
"""The gateway knows nothing of it, as it knew nothing of it the day before."""

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
"""Charged at the gateway past us: by hand in its dashboard, or by a system that nobody told us of."""


def play(shop: Shop, gateway: Control) -> None:
    """The whole day. No webhook arrives: what the reconciliation finds, it finds by itself."""
    for bought in DAY:
        gateway.script(bought.scenario, order_id=bought.order, webhook="lost")
        told = {"order_id": bought.order, "amount": bought.amount, "currency": bought.currency}
        shop.charge(document.payment() | told, bought.order)
    for bought in DAY:
        if bought.later:
            bought.later(gateway, bought.order)
    gateway.orphan(**ORPHAN)
