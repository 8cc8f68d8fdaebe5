"""Free ports without a race: the socket is bound and listening before anyone is told its number.

A port that is looked up, closed and taken later may be somebody else's by then, as soon as two stacks start at once.
"""

from __future__ import annotations

import socket

LOOPBACK = "127.0.0.1"


def listening(backlog: int = 128) -> socket.socket:
    """Hand its descriptor to the server, then close this end; connections made meanwhile wait in the queue."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.bind((LOOPBACK, 0))
    sock.listen(backlog)
    return sock


def number(sock: socket.socket) -> int:
    port: int = sock.getsockname()[1]
    return port
