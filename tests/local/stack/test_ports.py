"""A port is bound before its number is known to anyone."""

import socket

import pytest

from local.stack import ports


def test_many_stacks_starting_at_once_get_different_ports() -> None:
    held = [ports.listening() for _ in range(50)]
    assert len({ports.number(sock) for sock in held}) == len(held)
    for sock in held:
        sock.close()


def test_a_connection_made_before_the_server_starts_waits_for_it() -> None:
    with ports.listening() as sock, socket.create_connection(("127.0.0.1", ports.number(sock)), timeout=5):
        served, _ = sock.accept()
        served.close()


def test_nobody_else_can_take_the_port() -> None:
    with ports.listening() as sock, socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", ports.number(sock)))


def test_only_this_machine_can_connect() -> None:
    with ports.listening() as sock:
        assert sock.getsockname()[0] == "127.0.0.1"
