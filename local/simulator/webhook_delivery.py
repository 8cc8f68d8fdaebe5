"""Carries webhooks: signed, tried up to four times, and given up. How each travels is the play's choice."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import aiohttp

from local.simulator.crypto import signature
from local.simulator.envelope import envelope
from local.simulator.exact_json import write
from local.simulator.loopback import LoopbackResolver, is_loopback
from local.simulator.traffic_log import Delivery, Journal

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from datetime import datetime

    from local.simulator.behaviour import Play
    from local.simulator.transaction import Transaction
    from local.simulator.webhook_timing import Pace

SIGNATURE_HEADER: Final = "fs-webhook-hash"


@dataclass(frozen=True, slots=True)
class Letter:
    transaction_id: str
    order_id: str | None
    url: str
    body: bytes
    signing: str = "right"  # right, wrong or none


class Postman:
    def __init__(
        self, journal: Journal, signing_key: Callable[[], str], pace: Pace, now: Callable[[], datetime]
    ) -> None:
        self._journal = journal
        self._signing_key = signing_key
        self._pace = pace
        self._now = now
        self._rounds: set[asyncio.Task[None]] = set()
        self._overtaken: list[Letter] = []  # reordered ones wait here for a later letter to overtake them
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        connector = aiohttp.TCPConnector(resolver=LoopbackResolver(), force_close=True)
        timeout = aiohttp.ClientTimeout(total=self._pace.timeout)
        self._session = aiohttp.ClientSession(connector=connector, timeout=timeout)

    async def stop(self) -> None:
        self.drop_everything()
        await asyncio.gather(*self._rounds, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def drop_everything(self) -> None:
        self._overtaken.clear()
        for one in self._rounds:
            one.cancel()

    def post(self, transaction: Transaction, play: Play) -> asyncio.Task[None] | None:
        url = transaction.order.webhook_url
        if url is None or not transaction.is_announced or play.webhook == "lost":
            return None
        letter = self._written(transaction, url, play)
        match play.webhook:
            case "duplicate":
                tasks = [self._set_out(self._carry(letter)) for _ in range(play.webhook_times)]
                return tasks[-1] if tasks else None
            case "late":
                return self._set_out(self._carry(letter, after=play.webhook_seconds))
            case "reordered" if not self._waits_to_be_overtaken(transaction):
                self._overtaken.append(letter)
                return None
        return self._set_out(self._carry(letter))

    def _waits_to_be_overtaken(self, transaction: Transaction) -> bool:
        return any(letter.transaction_id == transaction.transaction_id for letter in self._overtaken)

    async def carried(self, round_: asyncio.Task[None]) -> None:
        """Until the round is over; a round that was called off is over too."""
        await asyncio.wait([round_])

    def _written(self, transaction: Transaction, url: str, play: Play) -> Letter:
        body = write(envelope(transaction, lie=play.webhook_lie)).encode()
        signing = {"unsigned": "none", "wrongly-signed": "wrong"}.get(play.webhook, "right")
        return Letter(transaction.transaction_id, transaction.order.order_id, url, body, signing)

    def _set_out(self, round_: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(round_)
        self._rounds.add(task)
        task.add_done_callback(self._rounds.discard)
        return task

    async def _carry(self, letter: Letter, after: float = 0.0) -> None:
        await asyncio.sleep(after)
        for attempt, wait in enumerate((0.0, *self._pace.intervals), start=1):
            await asyncio.sleep(wait)
            if await self._hand_over(letter, attempt):
                break
        overtaken, self._overtaken = self._overtaken, []
        for older in overtaken:
            self._set_out(self._carry(older))

    async def _hand_over(self, letter: Letter, attempt: int) -> bool:
        headers = {"Content-Type": "application/json", **self._signed(letter)}
        status_code, error = await self._send(letter, headers)
        delivery = Delivery(
            transaction_id=letter.transaction_id,
            order_id=letter.order_id,
            url=letter.url,
            attempt=attempt,
            at=self._now(),
            headers=headers,
            body=letter.body.decode(),
            status_code=status_code,
            error=error,
        )
        self._journal.deliver(delivery)
        return delivery.accepted

    async def _send(self, letter: Letter, headers: dict[str, str]) -> tuple[int | None, str | None]:
        if not is_loopback(letter.url):
            return None, "not sent: the simulator delivers to this machine only"
        if self._session is None:
            return None, "not sent: the postman has not started"
        try:
            async with self._session.post(
                letter.url, data=letter.body, headers=headers, allow_redirects=False
            ) as answer:
                return answer.status, None
        except TimeoutError:
            return None, "timeout"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return None, type(error).__name__

    def _signed(self, letter: Letter) -> dict[str, str]:
        if letter.signing == "none":
            return {}
        key = self._signing_key() if letter.signing == "right" else "not the webhook secret"
        return {SIGNATURE_HEADER: signature(letter.body, key)}
