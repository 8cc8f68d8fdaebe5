"""Answers that are ready but held back until the control plane lets them go."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.simulator.jsontext import Json


class Holds:
    def __init__(self, on_change: Callable[[], None]) -> None:
        self._on_change = on_change
        self._held: dict[str, tuple[str | None, asyncio.Event]] = {}
        self._count = 0

    async def hold(self, transaction_id: str | None, order_id: str | None) -> None:
        """One without a transaction (nothing was recorded) can be held too; it goes by a number."""
        self._count += 1
        name = transaction_id or f"unrecorded-{self._count}"
        go = asyncio.Event()
        self._held[name] = (order_id, go)
        self._on_change()
        try:
            await go.wait()
        finally:
            self._held.pop(name, None)
            self._on_change()

    def release(self, name: str | None = None) -> int:
        """By transaction_id or order_id; all of them when no name is given."""
        chosen = [go for key, (order_id, go) in self._held.items() if name in {None, key, order_id}]
        for go in chosen:
            go.set()
        return len(chosen)

    def shown(self) -> list[dict[str, Json]]:
        return [{"transaction_id": key, "order_id": order_id} for key, (order_id, _) in self._held.items()]

    def __contains__(self, name: str) -> bool:
        return any(name in {key, order_id} for key, (order_id, _) in self._held.items())

    def __len__(self) -> int:
        return len(self._held)
