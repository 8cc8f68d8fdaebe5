"""A headless browser, controlled through the DevTools protocol: opens pages, fills in fields, presses buttons."""

import asyncio
import itertools
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import aiohttp

_SECONDS: Final = 60.0
_FLAGS: Final = (
    "--headless",
    "--no-sandbox",  # tests run as root in a container, where Chromium's own sandbox cannot
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--no-first-run",
    "--no-proxy-server",
    "--window-size=900,800",
    "--remote-debugging-port=0",
)


_MIDDLE_OF_BUTTON: Final = """(() => {
    const button = [...document.querySelectorAll("button")].find(button => button.innerText === %s);
    if (!button) return null;
    const box = button.getBoundingClientRect();
    return [box.x + box.width / 2, box.y + box.height / 2];
})()"""


_INTO_FIELD: Final = """(() => {
    const label = [...document.querySelectorAll("label")].find(label => label.innerText === %s);
    if (!label || !label.control) return false;
    label.control.focus();
    label.control.select();
    return document.activeElement === label.control;
})()"""


class BrowserError(Exception):
    """Chromium is not installed or did not start, or a page lacks what the test looks for."""


def program() -> str:
    """The path of Chromium: the variable CHROMIUM, or the first of its names in PATH."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if not found:
        raise BrowserError("Chromium is not installed: run `make setup-browser`, or name one with CHROMIUM=…")
    return found


@contextmanager
def chromium() -> Iterator["Page"]:
    """One page of a browser with a new profile; both are removed afterwards."""
    with TemporaryDirectory(prefix="payments-browser-", ignore_cleanup_errors=True) as room:
        log = Path(room, "log")
        with log.open("wb") as written:
            process = subprocess.Popen(
                [program(), *_FLAGS, f"--user-data-dir={room}/profile", "about:blank"],
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=subprocess.STDOUT,
                env={"PATH": os.environ["PATH"], "HOME": room, "XDG_CONFIG_HOME": room, "XDG_CACHE_HOME": room},
                start_new_session=True,
            )
        try:
            port = _port(Path(room, "profile", "DevToolsActivePort"), process, log)
            with asyncio.Runner() as runner:
                page = Page(runner, port)
                try:
                    yield page
                finally:
                    page.close()
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _port(announced: Path, process: subprocess.Popen[bytes], log: Path) -> int:
    def read() -> int | None:
        if process.poll() is not None:
            raise BrowserError(f"Chromium ended: {log.read_text(errors='replace')[-2000:]}")
        lines = announced.read_text().splitlines() if announced.exists() else []
        return int(lines[0]) if lines else None

    return _eventually(read, "Chromium does not say where it listens")


def _eventually(look: Callable[[], int | None], complaint: str) -> int:
    deadline = time.monotonic() + _SECONDS
    while (found := look()) is None:
        if time.monotonic() > deadline:
            raise BrowserError(complaint)
        time.sleep(0.05)
    return found


class Page:
    """The page that the shopper sees, and its address."""

    def __init__(self, runner: asyncio.Runner, port: int) -> None:
        self._runner = runner
        self._ids = itertools.count(1)
        self._session, self._socket = runner.run(_connected(port))

    def close(self) -> None:
        self._runner.run(self._close())

    def open(self, url: str) -> None:
        """Opens a page and waits until it is loaded."""
        failed = self._call("Page.navigate", url=url).get("errorText")
        if failed:
            raise BrowserError(f"{url}: {failed}")
        self.wait("document.readyState === 'complete' && location.href !== 'about:blank'")

    @property
    def url(self) -> str:
        return str(self.evaluate("location.href"))

    @property
    def text(self) -> str:
        """The visible text."""
        return str(self.evaluate("document.body.innerText"))

    @property
    def buttons(self) -> list[str]:
        """The captions of the buttons, from the top."""
        return list(self.evaluate("[...document.querySelectorAll('button')].map(b => b.innerText)"))

    def press(self, caption: str) -> None:
        """Clicks the middle of the button."""
        found = self.evaluate(_MIDDLE_OF_BUTTON % json.dumps(caption))
        if found is None:
            raise BrowserError(f"{self.url} has no button {caption!r}, only {self.buttons}")
        at = {"x": found[0], "y": found[1], "button": "left", "clickCount": 1}
        for what in ("mousePressed", "mouseReleased"):
            self._call("Input.dispatchMouseEvent", type=what, **at)

    def fill(self, label: str, text: str) -> None:
        """Replaces the content of the field with this label."""
        if self.evaluate(_INTO_FIELD % json.dumps(label)) is not True:
            raise BrowserError(f"{self.url} has no field {label!r}: {self.text}")
        self._call("Input.insertText", text=text)

    def wait(self, expression: str) -> None:
        """Waits until a JavaScript expression is true, across navigations."""
        deadline = time.monotonic() + _SECONDS
        while not self.evaluate(f"Boolean({expression})"):
            if time.monotonic() > deadline:
                raise BrowserError(f"{self.url} does not come to {expression}: {self.text}")
            time.sleep(0.05)

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression; None between two pages, when there is no document."""
        try:
            message = self._call("Runtime.evaluate", expression=expression, returnByValue=True)
        except BrowserError:
            return None
        return None if "exceptionDetails" in message else message["result"].get("value")

    def _call(self, method: str, **params: Any) -> dict[str, Any]:
        return self._runner.run(asyncio.wait_for(self._asked(next(self._ids), method, params), _SECONDS))

    async def _asked(self, number: int, method: str, params: dict[str, Any]) -> dict[str, Any]:
        await self._socket.send_json({"id": number, "method": method, "params": params})
        while True:  # a message without our number is an event, not the answer
            message: dict[str, Any] = json.loads(await self._socket.receive_str())
            if message.get("id") == number:
                break
        if "error" in message:
            raise BrowserError(f"{method}: {message['error']['message']}")
        result: dict[str, Any] = message["result"]
        return result

    async def _close(self) -> None:
        await self._socket.close()
        await self._session.close()


async def _connected(port: int) -> tuple[aiohttp.ClientSession, aiohttp.ClientWebSocketResponse]:
    session = aiohttp.ClientSession()
    async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
        (page,) = [target for target in await answer.json() if target["type"] == "page"]
    return session, await session.ws_connect(page["webSocketDebuggerUrl"], max_msg_size=0)
