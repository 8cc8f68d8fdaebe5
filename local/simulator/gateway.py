"""The gateway as a whole: its keys, its book, its script, its postman. The rooms of HTTP are given this one thing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aiohttp import web

from local.simulator.behaviour import Play
from local.simulator.change_signal import Bell
from local.simulator.credentials import Credentials, Keyring
from local.simulator.held_requests import Holds
from local.simulator.request_parsing import RefusedError
from local.simulator.scripted_scenarios import Script
from local.simulator.traffic_log import Journal
from local.simulator.transaction_index import Appearance
from local.simulator.transaction_store import Book
from local.simulator.webhook_delivery import Postman

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from local.simulator.transaction import Transaction
    from local.simulator.webhook_timing import Pace


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class Switches:
    """Standing conditions, in contrast to the script's single plays."""

    refuse_duplicates: bool = True  # a wire order_id that has a transaction is refused
    status_unavailable: bool = False  # the status endpoint answers 503
    down: bool = False  # every endpoint answers 503
    page_size: int = 50  # rows in a page of the transaction list


class Gateway:
    def __init__(self, credentials: Credentials, pace: Pace, now: Callable[[], datetime] = utc_now) -> None:
        self.keyring = Keyring(credentials)
        self.now = now
        self.bell = Bell()
        self.book = Book(now, self.bell.ring)
        self.journal = Journal(now, self.bell.ring)
        self.holds = Holds(self.bell.ring)
        self.script = Script()
        self.switches = Switches()
        self.plays: dict[str, Play] = {}
        self.appearances: dict[str, Appearance] = {}
        self.postman = Postman(self.journal, self._signing_key, pace, now)

    def play_of(self, transaction: Transaction) -> Play:
        return self.plays.get(transaction.transaction_id, Play())

    def announce(self, transaction: Transaction) -> asyncio.Task[None] | None:
        """Puts the news in the post, if it is news that the gateway posts, and no reset came between."""
        if transaction not in self.book:
            return None
        return self.postman.post(transaction, self.play_of(transaction))

    async def stalled(self, play: Play, transaction_id: str | None, order_id: str | None) -> None:
        """Where a play holds up the request itself: the bank hears of it only when the control plane lets it go."""
        if play.answer == "stalled" and not await self.holds.hold(transaction_id, order_id):
            raise RefusedError(503, "Service Unavailable")

    def reset(self) -> None:
        """Forgets everything but the keys."""
        self.postman.drop_everything()
        self.holds.drop()
        self.plays.clear()
        self.appearances.clear()
        self.script.clear()
        self.switches = Switches()
        self.book.clear()
        self.journal.clear()

    def _signing_key(self) -> str:
        return self.keyring.newest.signing_key


GATEWAY = web.AppKey("gateway", Gateway)
