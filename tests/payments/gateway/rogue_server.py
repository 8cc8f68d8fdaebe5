"""A gateway at the level of sockets, that misbehaves as it is told, and counts what reaches it."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from tests.payments.gateway.simulated_gateway import Line, Play


@dataclass(frozen=True)
class Request:
    """One request, as it was read."""

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
class Rogue:
    """The server. `plays` are the answers to the requests, in order; the last one is repeated."""

    plays: tuple[Play, ...]
    door: Callable[[Line], bool]
    tls: ssl.SSLContext | None
    listener: socket.socket
    requests: list[Request] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def port(self) -> int:
        port: int = self.listener.getsockname()[1]
        return port

    @property
    def url(self) -> str:
        return f"http{'s' if self.tls else ''}://localhost:{self.port}"

    def serve(self) -> None:
        while not self.over.is_set():
            try:
                guest, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._host, args=[guest], daemon=True).start()

    def _host(self, guest: socket.socket) -> None:
        line = Line(guest, self.over)
        self.lines.append(line)
        with suppress(OSError, ValueError):
            if self.door(line):
                if self.tls:
                    line.socket = self.tls.wrap_socket(guest, server_side=True)
                while (request := _read(line.socket)) is not None:
                    self.requests.append(request)
                    self.plays[min(len(self.requests), len(self.plays)) - 1](line)
        line.hang_up()


@contextmanager
def rogue(
    *plays: Play, door: Callable[[Line], bool] = lambda _: True, tls: ssl.SSLContext | None = None
) -> Iterator[Rogue]:
    """A running one. `door` sees a connection before anything is read from it, and may send it away."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Rogue(plays, door, tls, listener)
        threading.Thread(target=server.serve, daemon=True).start()
        try:
            yield server
        finally:
            server.over.set()
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            for line in server.lines:
                line.hang_up()


def _read(guest: socket.socket) -> Request | None:
    data = b""
    while b"\r\n\r\n" not in data:
        if not (more := guest.recv(65536)):
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    request = Request(head.decode("latin-1"), b"")
    length = int(request.header("content-length") or 0)
    while len(body) < length:
        if not (more := guest.recv(65536)):
            return None
        body += more
    return Request(request.head, body)
