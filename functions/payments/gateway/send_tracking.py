"""The witness: connections that note when they first send. What failed before that was not sent, whatever it was."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from contextvars import ContextVar
from socket import SHUT_RDWR, socket
from threading import Lock
from typing import Any, Final

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection


class Departure:
    """What one exchange did at its socket. A watchdog's thread ends it, so a lock keeps the two apart."""

    def __init__(self) -> None:
        self.happened = False
        self._over = False
        self._sockets: list[socket] = []
        self._lock = Lock()

    def through(self, sock: socket) -> None:
        """A send is about to happen. Raises TimeoutError when the time is up: nobody waits for the answer any more."""
        with self._lock:
            self.check()
            self._sockets.append(sock)
            self.happened = True

    def check(self) -> None:
        """Raises TimeoutError when the time is up."""
        if self._over:
            raise TimeoutError("the time is up")

    def hang_up(self) -> None:
        """Ends whatever is going on at the sockets, and lets nothing more leave."""
        with self._lock:
            self._over = True
            for sock in self._sockets:
                with suppress(OSError):
                    # Not SSLSocket's own: that takes the encryption off the socket under the hands of the sender.
                    socket.shutdown(sock, SHUT_RDWR)

    def conclude(self) -> None:
        """The exchange is over; a late watchdog finds no socket, for it may serve another exchange by now."""
        with self._lock:
            self._sockets.clear()


current: Final[ContextVar[Departure]] = ContextVar("departure")
"""That of the exchange going on in this thread."""


class _Witness:
    """Mixed into a connection: connects first, then notes the departure, then sends."""

    sock: Any
    connect: Callable[[], None]

    def send(self, data: Any) -> None:
        """Sends, having noted that it does."""
        if self.sock is None:
            self.connect()
        current.get().through(self.sock)
        super().send(data)  # type: ignore[misc]


class WitnessedConnection(_Witness, HTTPConnection):
    """Plain, for this machine in test mode."""


class WitnessedTLSConnection(_Witness, HTTPSConnection):
    """Over TLS."""


class HTTPPool(HTTPConnectionPool):
    """Connections that witness their departure."""

    ConnectionCls = WitnessedConnection


class HTTPSPool(HTTPSConnectionPool):
    """The same over TLS."""

    ConnectionCls = WitnessedTLSConnection


Pools = Mapping[str, type[HTTPConnectionPool]]
POOLS: Final[Pools] = {"http": HTTPPool, "https": HTTPSPool}
