"""The gateway of the stack: the simulator as a child process, or another gateway on this machine."""

from __future__ import annotations

import contextlib
import ipaddress
import json
import os
import secrets
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from local.stack import environment
from local.stack.errors import SettingError
from local.stack.processes import make_directory, start

_READY_SECONDS = 30.0
_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class GatewayKeys:
    """Keys in the gateway's format: a test key, and an encryption key of 32 characters, which are its 32 bytes."""

    secret_key: str = field(repr=False)
    encryption_key: str = field(repr=False)
    webhook_secret: str = field(repr=False)

    @classmethod
    def chosen(cls, env: Mapping[str, str]) -> GatewayKeys:
        keys = cls(
            env.get("GATEWAY_SECRET_KEY") or f"PA_TEST_{secrets.token_hex(24)}",
            env.get("GATEWAY_ENCRYPTION_KEY") or secrets.token_hex(16),
            env.get("GATEWAY_WEBHOOK_SECRET") or secrets.token_hex(24),
        )
        if len(keys.encryption_key.encode()) != 32:
            raise SettingError("GATEWAY_ENCRYPTION_KEY must be 32 characters (its UTF-8 bytes are the AES-256 key)")
        if not keys.secret_key.startswith(("PA_TEST_", "FS_TEST_")):
            raise SettingError("GATEWAY_SECRET_KEY must be a test key: PA_TEST_… or FS_TEST_…")
        return keys


@dataclass(frozen=True, slots=True)
class Gateway:
    url: str
    keys: GatewayKeys
    control_url: str | None = None


def on_loopback(url: str) -> str:
    """The URL without a trailing slash. Raises SettingError unless it is local: card numbers are sent there."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise SettingError(f"GATEWAY_URL is not a URL: {error}") from error
    if parts.scheme not in ("http", "https") or not host:
        raise SettingError("GATEWAY_URL must look like http://127.0.0.1:8080")
    if not _is_loopback(host):
        raise SettingError(f"GATEWAY_URL must be on this machine (127.0.0.1, ::1 or localhost), not {host}")
    if parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise SettingError("GATEWAY_URL is a scheme, a host and a port, nothing else")
    return f"{parts.scheme}://{parts.netloc}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@contextlib.contextmanager
def simulated(keys: GatewayKeys, options: tuple[str, ...] = ()) -> Iterator[Gateway]:
    directory = make_directory("simulator")
    announcement = directory / "announcement.json"
    process = start(
        "the gateway simulator",
        directory,
        [sys.executable, "-m", "local.simulator", "--port", "0", "--announce", str(announcement), *options],
        env=environment.plain(directory)
        | {
            "SIMULATOR_SECRET_KEY": keys.secret_key,
            "SIMULATOR_ENCRYPTION_KEY": keys.encryption_key,
            "SIMULATOR_WEBHOOK_SECRET": keys.webhook_secret,
        },
        cwd=_ROOT,
    )
    try:
        process.wait_until(announcement.exists, _READY_SECONDS)
        announced = json.loads(announcement.read_text())
        yield Gateway(announced["url"], keys, announced["control"])
    finally:
        process.release()


@contextlib.contextmanager
def chosen(url: str | None, keys: GatewayKeys, options: tuple[str, ...] = ()) -> Iterator[Gateway]:
    if url:
        yield Gateway(on_loopback(url), keys)
    else:
        with simulated(keys, options) as gateway:
            yield gateway


def url_from_environment(env: Mapping[str, str] | None = None) -> str | None:
    return (os.environ if env is None else env).get("GATEWAY_URL") or None
