"""The state of the simulated gateway. Every HTTP handler gets this one object."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aiohttp import web

from local.simulator.behaviour import Behaviour
from local.simulator.change_signal import ChangeSignal
from local.simulator.credentials import Credentials, Keyring
from local.simulator.held_requests import HeldRequests
from local.simulator.request_parsing import RefusedError
from local.simulator.scripted_scenarios import ScriptedScenarios
from local.simulator.traffic_log import TrafficLog
from local.simulator.transaction_index import ListOverride
from local.simulator.transaction_store import TransactionStore
from local.simulator.webhook_delivery import WebhookSender

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from local.simulator.transaction import Transaction
    from local.simulator.webhook_retries import WebhookTiming


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class Switches:
    """Conditions that last until they are switched off; a scripted scenario is for one call."""

    refuse_duplicates: bool = True  # an order_id that already has a transaction is refused
    status_unavailable: bool = False  # the status endpoint answers 503
    status_names_page: bool = False  # a status of REDIRECT comes with the page, which no document promises
    down: bool = False  # every endpoint answers 503
    page_size: int = 50  # rows in a page of the transaction list


class Gateway:
    def __init__(self, credentials: Credentials, timing: WebhookTiming, now: Callable[[], datetime] = utc_now) -> None:
        self.keyring = Keyring(credentials)
        self.now = now
        self.changes = ChangeSignal()
        self.transactions = TransactionStore(now, self.changes.notify)
        self.traffic = TrafficLog(now, self.changes.notify)
        self.held_requests = HeldRequests(self.changes.notify)
        self.scripted = ScriptedScenarios()
        self.switches = Switches()
        self.behaviours: dict[str, Behaviour] = {}
        self.list_overrides: dict[str, ListOverride] = {}
        self.webhooks = WebhookSender(self.traffic, self._signing_key, timing, now)

    def behaviour_of(self, transaction: Transaction) -> Behaviour:
        return self.behaviours.get(transaction.transaction_id, Behaviour())

    def send_webhook(self, transaction: Transaction) -> asyncio.Task[None] | None:
        """Sends the transaction's webhook. None if its status has no webhook, or a reset has removed it."""
        if transaction not in self.transactions:
            return None
        return self.webhooks.send(transaction, self.behaviour_of(transaction))

    async def hold_if_stalled(self, behaviour: Behaviour, transaction_id: str | None, order_id: str | None) -> None:
        """Holds a `stalled` request before it has any effect. Raises RefusedError (503) if a reset drops it."""
        if behaviour.answer == "stalled" and not await self.held_requests.hold(transaction_id, order_id):
            raise RefusedError(503, "Service Unavailable")

    def reset(self) -> None:
        """Removes all state but the keys."""
        self.webhooks.cancel_all()
        self.held_requests.drop()
        self.behaviours.clear()
        self.list_overrides.clear()
        self.scripted.clear()
        self.switches = Switches()
        self.transactions.clear()
        self.traffic.clear()

    def _signing_key(self) -> str:
        return self.keyring.newest.signing_key


GATEWAY = web.AppKey("gateway", Gateway)
