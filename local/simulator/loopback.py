"""Where the postman may go: this machine. A sample payment's webhook_url must not reach its real owner."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

from aiohttp.abc import AbstractResolver, ResolveResult


def is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if _is_localhost(host):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class LoopbackResolver(AbstractResolver):
    """RFC 6761: `localhost` and every name under it are this machine. Not every system knows the second half."""

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,
    ) -> list[ResolveResult]:
        if not _is_localhost(host):
            raise OSError(f"{host} is not this machine")
        return [
            ResolveResult(
                hostname=host,
                host="127.0.0.1",
                port=port,
                family=socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
        ]

    async def close(self) -> None:
        """Holds nothing."""


def _is_localhost(host: str) -> bool:
    return host.rstrip(".").lower().split(".")[-1] == "localhost"
