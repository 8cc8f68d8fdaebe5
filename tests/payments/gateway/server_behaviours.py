"""What a rogue server does with a connection after it has read a request."""

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
class Connection:
    """One connection of the server. `over` is set at the end of the test."""

    socket: socket.socket
    over: threading.Event
    sent: int = 0

    def send(self, data: bytes) -> bool:
        """Sends; returns False if the connection is broken."""
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


Behaviour = Callable[[Connection], None]
"""Runs after a request was read. If it leaves the connection open, the next request is read from it."""


def answers(status: int, value: Any = None, *headers: str, raw: bytes | None = None) -> Behaviour:
    """A complete answer: `value` as JSON, or the bytes `raw`."""
    body = raw if raw is not None else json.dumps(value).encode()
    head = "\r\n".join([f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", *headers])
    return sends(f"{head}\r\n\r\n".encode() + body)


def sends(data: bytes) -> Behaviour:
    """Sends exactly these bytes and leaves the connection open."""

    def behaviour(connection: Connection) -> None:
        connection.send(data)

    return behaviour


def then_closes(behaviour: Behaviour | None = None) -> Behaviour:
    """Runs the behaviour, then closes the connection."""

    def closing(connection: Connection) -> None:
        if behaviour:
            behaviour(connection)
        connection.hang_up()

    return closing


def resets(connection: Connection) -> None:
    """Resets the connection."""
    connection.reset()


def stays_silent(connection: Connection) -> None:
    """Sends nothing until the end of the test."""
    connection.over.wait()


def drips(beginning: bytes, drop: bytes, every: float = 0.02) -> Behaviour:
    """Sends `drop` every `every` seconds until the end of the test."""

    def behaviour(connection: Connection) -> None:
        alive = connection.send(beginning)
        while alive and not connection.over.wait(every):
            alive = connection.send(drop)

    return behaviour


def floods(head: str, total: int) -> Behaviour:
    """Sends a body of `total` bytes as fast as possible."""

    def behaviour(connection: Connection) -> None:
        alive, block = connection.send(f"{head}\r\n\r\n".encode()), b"x" * 65536
        while alive and connection.sent < total:
            alive = connection.send(block)

    return behaviour


def gzipped(body: bytes) -> Behaviour:
    """A compressed answer."""
    return answers(200, None, "Content-Encoding: gzip", raw=gzip.compress(body))
