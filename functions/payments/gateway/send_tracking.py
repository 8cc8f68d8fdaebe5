"""Connections that record their first send. A failure before that is certain: nothing was sent."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from contextvars import ContextVar
from socket import SHUT_RDWR, socket
from threading import Lock
from typing import Any, Final

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection


class SendTracker:
    """What one exchange does at its socket. The lock is needed because a watchdog thread ends the exchange."""

    def __init__(self) -> None:
        self.sent = False
        self._timed_out = False
        self._sockets: list[socket] = []
        self._lock = Lock()

    def before_send(self, sock: socket) -> None:
        """Records a send that is about to happen. Raises TimeoutError, and records nothing, after the time limit."""
        with self._lock:
            self.check_time()
            self._sockets.append(sock)
            self.sent = True

    def check_time(self) -> None:
        """Raises TimeoutError after the time limit."""
        if self._timed_out:
            raise TimeoutError("the time is up")

    def time_out(self) -> None:
        """Shuts the sockets down and prevents any further send."""
        with self._lock:
            self._timed_out = True
            for sock in self._sockets:
                with suppress(OSError):
                    # Not SSLSocket.shutdown: it removes the TLS layer while another thread may be sending.
                    socket.shutdown(sock, SHUT_RDWR)

    def finish(self) -> None:
        """Forgets the sockets: a late watchdog must not shut down one that already serves the next exchange."""
        with self._lock:
            self._sockets.clear()


current: Final[ContextVar[SendTracker]] = ContextVar("send_tracker")
"""The tracker of the exchange that runs in this thread."""


class _TracksSends:
    """Mixin of a connection: connects, then records the send, then sends."""

    sock: Any
    connect: Callable[[], None]

    def send(self, data: Any) -> None:
        """Records the send, then sends."""
        if self.sock is None:
            self.connect()
        current.get().before_send(self.sock)
        super().send(data)  # type: ignore[misc]


class TrackedConnection(_TracksSends, HTTPConnection):
    """A connection without TLS, for loopback in test mode."""


class TrackedTLSConnection(_TracksSends, HTTPSConnection):
    """A connection with TLS."""


class HTTPPool(HTTPConnectionPool):
    """A pool of tracked connections without TLS."""

    ConnectionCls = TrackedConnection


class HTTPSPool(HTTPSConnectionPool):
    """A pool of tracked connections with TLS."""

    ConnectionCls = TrackedTLSConnection


Pools = Mapping[str, type[HTTPConnectionPool]]
POOLS: Final[Pools] = {"http": HTTPPool, "https": HTTPSPool}
