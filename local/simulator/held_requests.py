"""Requests that are held until the control API releases them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.simulator.exact_json import Json


@dataclass(slots=True, eq=False)
class HeldRequest:
    """Several may have the same name: two refunds of one transaction can be held at once."""

    name: str
    order_id: str | None
    released: asyncio.Event = field(default_factory=asyncio.Event)
    dropped: bool = False

    def is_named(self, name: str) -> bool:
        return name in {self.name, self.order_id}


class HeldRequests:
    def __init__(self, on_change: Callable[[], None]) -> None:
        self._on_change = on_change
        self._held: list[HeldRequest] = []
        self._count = 0

    async def hold(self, transaction_id: str | None, order_id: str | None) -> bool:
        """Waits for the release. False if the request was dropped. Without a transaction its name is a number."""
        self._count += 1
        held = HeldRequest(transaction_id or f"unrecorded-{self._count}", order_id)
        self._held.append(held)
        self._on_change()
        try:
            await held.released.wait()
        finally:
            self._held.remove(held)
            self._on_change()
        return not held.dropped

    def release(self, name: str | None = None) -> int:
        """By transaction_id or order_id, or all of them; returns how many."""
        chosen = self._named(name)
        for held in chosen:
            held.released.set()
        return len(chosen)

    def drop(self) -> None:
        """For a reset: ends every hold, and no held request may take effect afterwards."""
        for held in self._held:
            held.dropped = True
        self.release()

    def as_json(self) -> list[dict[str, Json]]:
        return [{"transaction_id": held.name, "order_id": held.order_id} for held in self._held]

    def count(self, name: str | None = None) -> int:
        return len(self._named(name))

    def _named(self, name: str | None) -> list[HeldRequest]:
        return [held for held in self._held if name is None or held.is_named(name)]
