"""What a misbehaving gateway may do with a connection, once it has read a request."""

import gzip
import json
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any


@dataclass
class Line:
    """One connection: what can be done to it. `over` is set when the test has seen enough."""

    socket: socket.socket
    over: threading.Event
    sent: int = 0

    def send(self, data: bytes) -> bool:
        """Whether the other side still took it."""
        try:
            self.socket.sendall(data)
        except OSError:
            return False
        self.sent += len(data)
        return True

    def reset(self) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.hang_up()

    def hang_up(self) -> None:
        with suppress(OSError):
            self.socket.close()


Play = Callable[[Line], None]
"""What is done once a request has been read. A connection that it leaves open takes the next request."""


def answers(status: int, said: Any = None, *headers: str, raw: bytes | None = None) -> Play:
    """A proper answer, JSON unless `raw`."""
    body = raw if raw is not None else json.dumps(said).encode()
    head = "\r\n".join([f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", *headers])
    return sends(f"{head}\r\n\r\n".encode() + body)


def sends(data: bytes) -> Play:
    """Exactly these bytes; the connection stays open."""

    def play(line: Line) -> None:
        line.send(data)

    return play


def then_closes(play: Play | None = None) -> Play:
    """The play, and then the connection is closed."""

    def closing(line: Line) -> None:
        if play:
            play(line)
        line.hang_up()

    return closing


def resets(line: Line) -> None:
    """The connection is torn."""
    line.reset()


def says_nothing(line: Line) -> None:
    """Reads, and is silent."""
    line.over.wait()


def drips(beginning: bytes, drop: bytes, every: float = 0.02) -> Play:
    """A little now and then, without an end."""

    def play(line: Line) -> None:
        alive = line.send(beginning)
        while alive and not line.over.wait(every):
            alive = line.send(drop)

    return play


def floods(head: str, total: int) -> Play:
    """A body of so many bytes, as fast as they are taken."""

    def play(line: Line) -> None:
        alive, block = line.send(f"{head}\r\n\r\n".encode()), b"x" * 65536
        while alive and line.sent < total:
            alive = line.send(block)

    return play


def gzipped(body: bytes) -> Play:
    """A body that is larger than it looks."""
    return answers(200, None, "Content-Encoding: gzip", raw=gzip.compress(body))
