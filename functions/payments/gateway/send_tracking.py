"""Connections that record their first send. A failure before that is certain: nothing was sent.

A connection belongs to one thread at a time, and each thread has its own tracker.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from contextvars import ContextVar
from socket import SHUT_RDWR, socket
from threading import Lock
from typing import Any, Final

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

MAX_IDLE_SECONDS: Final = 4.0
"""A pooled connection that was idle for longer is closed: it may have died while the function was frozen."""


class SendTracker:
    """What one exchange does at its socket. The lock is needed because a watchdog thread ends the exchange.

    `clock`: the wall clock in seconds; the monotonic one may stop while the function is frozen.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.sent = False
        self.clock = clock
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
    used_at = 0.0
    """When its last exchange ended."""

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


class _DropsIdle:
    """Mixin of a pool: a connection that was idle for too long is closed when it is taken, whatever the others do."""

    def _get_conn(self, timeout: float | None = None) -> Any:
        connection = super()._get_conn(timeout)  # type: ignore[misc]
        if not 0 <= current.get().clock() - connection.used_at <= MAX_IDLE_SECONDS:  # below 0: the clock was set back
            connection.close()  # it connects again when it sends
        return connection

    def _put_conn(self, connection: Any) -> None:
        if connection is not None:
            connection.used_at = current.get().clock()
        super()._put_conn(connection)  # type: ignore[misc]


class HTTPPool(_DropsIdle, HTTPConnectionPool):
    """A pool of tracked connections without TLS."""

    ConnectionCls = TrackedConnection


class HTTPSPool(_DropsIdle, HTTPSConnectionPool):
    """A pool of tracked connections with TLS."""

    ConnectionCls = TrackedTLSConnection


Pools = Mapping[str, type[HTTPConnectionPool]]
POOLS: Final[Pools] = {"http": HTTPPool, "https": HTTPSPool}
