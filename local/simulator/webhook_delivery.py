"""Delivery of webhooks: signed, tried up to four times. The behaviour says how each one is delivered."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import aiohttp

from local.simulator.crypto import signature
from local.simulator.envelope import envelope
from local.simulator.exact_json import dumps
from local.simulator.loopback import LoopbackResolver, is_loopback
from local.simulator.traffic_log import Delivery, TrafficLog

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from datetime import datetime

    from local.simulator.behaviour import Behaviour
    from local.simulator.transaction import Transaction
    from local.simulator.webhook_retries import WebhookTiming

SIGNATURE_HEADER: Final = "fs-webhook-hash"


@dataclass(frozen=True, slots=True)
class Webhook:
    transaction_id: str
    order_id: str | None
    url: str
    body: bytes
    signing: str = "right"  # right, wrong or none


class WebhookSender:
    def __init__(
        self, traffic: TrafficLog, signing_key: Callable[[], str], timing: WebhookTiming, now: Callable[[], datetime]
    ) -> None:
        self._traffic = traffic
        self._signing_key = signing_key
        self._timing = timing
        self._now = now
        self._deliveries: set[asyncio.Task[None]] = set()
        self._reordered: list[Webhook] = []  # reordered webhooks wait here until a later one is delivered
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        connector = aiohttp.TCPConnector(resolver=LoopbackResolver(), force_close=True)
        timeout = aiohttp.ClientTimeout(total=self._timing.timeout)
        self._session = aiohttp.ClientSession(connector=connector, timeout=timeout)

    async def stop(self) -> None:
        self.cancel_all()
        await asyncio.gather(*self._deliveries, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def cancel_all(self) -> None:
        self._reordered.clear()
        for one in self._deliveries:
            one.cancel()

    def send(self, transaction: Transaction, behaviour: Behaviour) -> asyncio.Task[None] | None:
        url = transaction.order.webhook_url
        if url is None or not transaction.has_webhook or behaviour.webhook == "lost":
            return None
        webhook = self._webhook_of(transaction, url, behaviour)
        match behaviour.webhook:
            case "duplicate":
                tasks = [self._start(self._deliver(webhook)) for _ in range(behaviour.webhook_times)]
                return tasks[-1] if tasks else None
            case "late":
                return self._start(self._deliver(webhook, after=behaviour.webhook_seconds))
            case "reordered" if not self._holds_one_of(transaction):
                self._reordered.append(webhook)
                return None
        return self._start(self._deliver(webhook))

    def _holds_one_of(self, transaction: Transaction) -> bool:
        return any(webhook.transaction_id == transaction.transaction_id for webhook in self._reordered)

    async def wait_for(self, delivery: asyncio.Task[None]) -> None:
        """Waits until the delivery is done or cancelled."""
        await asyncio.wait([delivery])

    def _webhook_of(self, transaction: Transaction, url: str, behaviour: Behaviour) -> Webhook:
        body = dumps(envelope(transaction, lie=behaviour.webhook_lie)).encode()
        signing = {"unsigned": "none", "wrongly-signed": "wrong"}.get(behaviour.webhook, "right")
        return Webhook(transaction.transaction_id, transaction.order.order_id, url, body, signing)

    def _start(self, delivery: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(delivery)
        self._deliveries.add(task)
        task.add_done_callback(self._deliveries.discard)
        return task

    async def _deliver(self, webhook: Webhook, after: float = 0.0) -> None:
        await asyncio.sleep(after)
        for attempt, wait in enumerate((0.0, *self._timing.retry_intervals), start=1):
            await asyncio.sleep(wait)
            if await self._attempt(webhook, attempt):
                break
        reordered, self._reordered = self._reordered, []
        for older in reordered:
            self._start(self._deliver(older))

    async def _attempt(self, webhook: Webhook, attempt: int) -> bool:
        headers = {"Content-Type": "application/json", **self._signature_headers(webhook)}
        status_code, error = await self._post(webhook, headers)
        delivery = Delivery(
            transaction_id=webhook.transaction_id,
            order_id=webhook.order_id,
            url=webhook.url,
            attempt=attempt,
            at=self._now(),
            headers=headers,
            body=webhook.body.decode(),
            status_code=status_code,
            error=error,
        )
        self._traffic.add_delivery(delivery)
        return delivery.accepted

    async def _post(self, webhook: Webhook, headers: dict[str, str]) -> tuple[int | None, str | None]:
        if not is_loopback(webhook.url):
            return None, "not sent: the simulator delivers to this machine only"
        if self._session is None:
            return None, "not sent: the sender has not started"
        try:
            async with self._session.post(
                webhook.url, data=webhook.body, headers=headers, allow_redirects=False
            ) as answer:
                return answer.status, None
        except TimeoutError:
            return None, "timeout"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return None, type(error).__name__

    def _signature_headers(self, webhook: Webhook) -> dict[str, str]:
        if webhook.signing == "none":
            return {}
        key = self._signing_key() if webhook.signing == "right" else "not the webhook secret"
        return {SIGNATURE_HEADER: signature(webhook.body, key)}
