"""One HTTPS exchange with the gateway, and the one question that matters when it fails: did any byte of it leave?

That is witnessed at the socket, not inferred from the exception: a connection notes when it first sends.
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from socket import SHUT_RDWR
from ssl import SSLContext
from typing import Any, Final

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from payments.errors import NoAnswer, NotSent

CONNECT_SECONDS: Final = 3.0
"""A gateway that does not take a connection within this is down, and nothing is lost by saying so."""

MAX_IDLE_SECONDS: Final = 4.0
"""A pooled connection that idled longer may have died while the function was frozen: it is dropped, not trusted."""

MAX_ANSWER_BYTES: Final = 65_536
"""An envelope is about 1 KiB."""


@dataclass(slots=True)
class _Departure:
    """What one exchange did at its socket."""

    happened: bool = False
    sockets: list[Any] = field(default_factory=list)


_departure: ContextVar[_Departure] = ContextVar("departure")


class _Witness:
    """Mixed into a connection: connects first, then notes the departure, then sends."""

    sock: Any
    connect: Callable[[], None]

    def send(self, data: Any) -> None:
        """Sends, having noted that it does."""
        if self.sock is None:
            self.connect()
        departure = _departure.get()
        departure.sockets.append(self.sock)
        departure.happened = True
        super().send(data)  # type: ignore[misc]


class _HTTPConnection(_Witness, HTTPConnection):
    pass


class _HTTPSConnection(_Witness, HTTPSConnection):
    pass


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


@dataclass(frozen=True, slots=True)
class Exchange:
    """What came back: any status, a body of at most MAX_ANSWER_BYTES."""

    status: int
    body: bytes


class Transport:
    """A small pool of connections to one host. Never retries, never follows a redirect."""

    def __init__(
        self, base_url: str, ssl_context: SSLContext | None = None, monotonic: Callable[[], float] = time.time
    ) -> None:
        # Wall clock: the monotonic one may stand still while the function is frozen.
        self._base_url = base_url
        self._now = monotonic
        self._used_at = 0.0
        self._pools = PoolManager(num_pools=1, maxsize=1, ssl_context=ssl_context, retries=False)
        self._pools.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}

    def exchange(self, method: str, path: str, headers: dict[str, str], body: bytes | None, seconds: float) -> Exchange:
        """One request, one answer, within `seconds` whatever drips. Raises NotSent or NoAnswer, nothing else."""
        if self._now() - self._used_at > MAX_IDLE_SECONDS:
            self._pools.clear()
        departure = _Departure()
        token = _departure.set(departure)
        # urllib3 times each read; only a second pair of hands can end an answer that drips for ever.
        watchdog = threading.Timer(seconds, _hang_up, [departure])
        watchdog.daemon = True
        watchdog.start()
        try:
            return self._exchange(method, path, headers, body, seconds)
        except (HTTPError, OSError, ValueError) as error:
            raise _failure(error, departure) from error
        finally:
            watchdog.cancel()
            _departure.reset(token)
            self._used_at = self._now()

    def _exchange(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None, seconds: float
    ) -> Exchange:
        response = self._pools.request(
            method,
            self._base_url + path,
            headers=headers,
            body=body,
            timeout=Timeout(connect=min(CONNECT_SECONDS, seconds), read=seconds),
            retries=False,
            redirect=False,
            preload_content=False,
        )
        try:
            return Exchange(response.status, _bounded(response))
        finally:
            # Back to the pool when read to its end, closed when not.
            response.drain_conn() if response.closed else response.close()


def _bounded(response: BaseHTTPResponse) -> bytes:
    # A body read to exactly its end gives the connection back; one that is too large never is.
    body = response.read(MAX_ANSWER_BYTES + 1)
    while len(body) <= MAX_ANSWER_BYTES and (more := response.read(MAX_ANSWER_BYTES + 1 - len(body))):
        body += more
    if len(body) > MAX_ANSWER_BYTES:
        raise ValueError("the answer is too large")
    response.release_conn()
    return body


def _hang_up(departure: _Departure) -> None:
    for sock in departure.sockets:
        with suppress(OSError):
            sock.shutdown(SHUT_RDWR)


def _failure(error: Exception, departure: _Departure) -> NotSent | NoAnswer:
    # Only the type: an exception's text may quote a URL or an answer.
    name = type(error).__name__
    return NoAnswer(f"no answer ({name})") if departure.happened else NotSent(f"not sent ({name})")
