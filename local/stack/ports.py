"""Free ports without a race: the socket is bound and listening before its number is known to anyone.

A port that is found, closed and bound again later may be taken in between, when two stacks start at once.
"""

from __future__ import annotations

import socket

LOOPBACK = "127.0.0.1"


def listening(backlog: int = 128) -> socket.socket:
    """A listening socket to pass on to a server process and close here; early connections wait in its queue."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.bind((LOOPBACK, 0))
    sock.listen(backlog)
    return sock


def number(sock: socket.socket) -> int:
    port: int = sock.getsockname()[1]
    return port
