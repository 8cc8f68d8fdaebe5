"""`python -m local.simulator`: the simulator as a separate process."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from local.simulator.credentials import Credentials, CredentialsError
from local.simulator.gateway import Gateway
from local.simulator.server import serving
from local.simulator.webhook_retries import WebhookTiming

_KEYS = ("secret_key", "encryption_key", "webhook_secret")


def main() -> int:
    options = _options()
    keys = {name: getattr(options, name) or os.environ.get(f"SIMULATOR_{name.upper()}") for name in _KEYS}
    if not keys["secret_key"] or not keys["encryption_key"]:
        sys.stderr.write("simulator: set SIMULATOR_SECRET_KEY and SIMULATOR_ENCRYPTION_KEY, or the options\n")
        return 2
    try:
        credentials = Credentials(keys["secret_key"], keys["encryption_key"], keys["webhook_secret"])
    except CredentialsError as error:
        sys.stderr.write(f"simulator: {error}\n")
        return 2
    timing = WebhookTiming(options.webhook_intervals, options.webhook_timeout)
    try:
        asyncio.run(
            _serve(Gateway(credentials, timing), options.port, options.announce, with_parent=options.with_parent)
        )
    except OSError as error:
        sys.stderr.write(f"simulator: {error}\n")
        return 1
    return 0


async def _serve(gateway: Gateway, port: int, announce: Path | None, *, with_parent: bool) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with serving(gateway, port) as url:
        text = json.dumps({"url": url, "control": f"{url}/_control"})
        if announce is not None:
            _write_atomically(announce, text)
        else:
            sys.stdout.write(text + "\n")
            sys.stdout.flush()
        watch = asyncio.create_task(_stop_with_parent(stop)) if with_parent else None
        await stop.wait()
        if watch is not None:
            watch.cancel()
        if announce is not None:
            _remove(announce)


async def _stop_with_parent(stop: asyncio.Event) -> None:
    """A parent that was killed stops no child, so the child polls for the parent."""
    parent = os.getppid()
    while os.getppid() == parent:  # noqa: ASYNC110  a process gets no event when its parent ends
        await asyncio.sleep(0.5)
    stop.set()


def _write_atomically(path: Path, text: str) -> None:
    """A reader that polls for the file never reads half of it."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


def _intervals(text: str) -> tuple[float, ...]:
    return tuple(float(part) for part in text.split(",") if part.strip())


def _options() -> argparse.Namespace:
    default = WebhookTiming()
    parser = argparse.ArgumentParser(prog="python -m local.simulator", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--announce", type=Path, metavar="FILE", help="written once the simulator listens")
    parser.add_argument("--with-parent", action="store_true", help="stop when the starting process is gone")
    parser.add_argument("--webhook-intervals", type=_intervals, default=default.retry_intervals, metavar="S,S,S")
    parser.add_argument("--webhook-timeout", type=float, default=default.timeout, metavar="S")
    for name in _KEYS:
        parser.add_argument(f"--{name.replace('_', '-')}", help=f"or SIMULATOR_{name.upper()} in the environment")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
