"""The simulator inside the calling process: in a thread and an event loop that end with the `with` block."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local.simulator.control_client import Control
from local.simulator.credentials import Credentials
from local.simulator.gateway import Gateway
from local.simulator.server import serving
from local.simulator.webhook_retries import WebhookTiming

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Simulator:
    url: str
    credentials: Credentials
    control: Control

    @property
    def control_url(self) -> str:
        return f"{self.url}/_control"


@contextmanager
def running(
    credentials: Credentials | None = None, *, timing: WebhookTiming | None = None, port: int = 0
) -> Iterator[Simulator]:
    """`port` 0 takes a free one. The default timing is the fast one, for tests."""
    credentials = credentials or Credentials.invented()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()
    listening: Future[str] = Future()

    async def serve() -> None:
        try:
            async with serving(Gateway(credentials, timing or WebhookTiming.fast()), port) as url:
                listening.set_result(url)
                await stop.wait()
        except BaseException as error:
            if listening.done():
                raise
            listening.set_exception(error)

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(serve())

    thread = threading.Thread(target=run, name="gateway-simulator", daemon=True)
    thread.start()
    url = listening.result(timeout=10)
    control = Control(f"{url}/_control")
    try:
        yield Simulator(url, credentials, control)
    finally:
        control.close()
        loop.call_soon_threadsafe(stop.set)
        thread.join(timeout=10)
