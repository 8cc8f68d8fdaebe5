"""A server on a real socket that misbehaves as scripted and records the requests that reach it."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from tests.payments.gateway.server_behaviours import Behaviour, Connection


@dataclass(frozen=True)
class Request:
    """One request, as the server received it."""

    head: str
    body: bytes

    @property
    def line(self) -> str:
        return self.head.split("\r\n")[0]

    def header(self, name: str) -> str | None:
        for line in self.head.split("\r\n")[1:]:
            key, _, value = line.partition(":")
            if key.lower() == name:
                return value.strip()
        return None


@dataclass
class RogueServer:
    """The server. `behaviours` answer the requests in order; the last one is repeated."""

    behaviours: tuple[Behaviour, ...]
    accepts: Callable[[Connection], bool]
    tls: ssl.SSLContext | None
    listener: socket.socket
    requests: list[Request] = field(default_factory=list)
    connections: list[Connection] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def port(self) -> int:
        port: int = self.listener.getsockname()[1]
        return port

    @property
    def url(self) -> str:
        # A certificate needs a name. Without TLS the address spares the tests a name resolution.
        return f"https://localhost:{self.port}" if self.tls else f"http://127.0.0.1:{self.port}"

    def serve(self) -> None:
        while not self.over.is_set():
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve_connection, args=[sock], daemon=True).start()

    def _serve_connection(self, sock: socket.socket) -> None:
        connection = Connection(sock, self.over)
        self.connections.append(connection)
        with suppress(OSError, ValueError):
            if self.accepts(connection):
                if self.tls:
                    connection.socket = self.tls.wrap_socket(sock, server_side=True)
                while (request := _read(connection.socket)) is not None:
                    self.requests.append(request)
                    self.behaviours[min(len(self.requests), len(self.behaviours)) - 1](connection)
        connection.hang_up()


@contextmanager
def rogue_server(
    *behaviours: Behaviour, accepts: Callable[[Connection], bool] = lambda _: True, tls: ssl.SSLContext | None = None
) -> Iterator[RogueServer]:
    """A running server. `accepts` gets a connection before anything is read from it; False closes it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = RogueServer(behaviours, accepts, tls, listener)
        threading.Thread(target=server.serve, daemon=True).start()
        try:
            yield server
        finally:
            server.over.set()
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            for connection in server.connections:
                connection.hang_up()


def _read(sock: socket.socket) -> Request | None:
    data = b""
    while b"\r\n\r\n" not in data:
        if not (more := sock.recv(65536)):
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    request = Request(head.decode("latin-1"), b"")
    length = int(request.header("content-length") or 0)
    while len(body) < length:
        if not (more := sock.recv(65536)):
            return None
        body += more
    return Request(request.head, body)
