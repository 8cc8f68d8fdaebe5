"""Whatever the library below may raise, before or after the request left, is one of our two failures."""

import http.client
import inspect
import os
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import urllib3.exceptions
from urllib3 import HTTPConnectionPool
from urllib3.response import HTTPResponse

from payments.gateway.send_tracking import Departure, HTTPPool, WitnessedConnection
from payments.gateway.transport import Transport
from payments.ports.gateway import NoAnswer, NotSent
from tests.payments.gateway.exchanges import BUDGET, OK, OK_BODY, post
from tests.payments.gateway.rogue_server import rogue
from tests.payments.gateway.simulated_gateway import answers

POOL = HTTPConnectionPool("localhost")
ARGUMENTS = ((), ("text",), (POOL, "text"), (POOL, "/", "text"), ("text", ValueError()), (1, 2), (HTTPResponse(), b"x"))


def of(module: object, base: type[Exception]) -> Iterator[Exception]:
    """One of each of a library's exceptions, however it wants to be made."""
    for _, found in sorted(inspect.getmembers(module, inspect.isclass)):
        if issubclass(found, base):
            yield made(found)


def made(error: type[Exception]) -> Exception:
    for arguments in ARGUMENTS:
        try:
            made = error(*arguments)
            str(made)
        except (TypeError, AttributeError):
            continue
        return made
    raise AssertionError(f"how is a {error.__name__} made?")


URLLIB3 = list(of(urllib3.exceptions, urllib3.exceptions.HTTPError))
BELOW = [
    *of(http.client, http.client.HTTPException),
    *of(ssl, OSError),
    TimeoutError(),
    ConnectionResetError(),
    BrokenPipeError(),
    OSError(),
    ValueError(),
    UnicodeError(),
    EOFError(),
    # Bugs of a library, seen with sockets that are closed by another thread.
    AttributeError("'NoneType' object has no attribute 'readline'"),
    TypeError(),
    KeyError(),
    RuntimeError("can't start new thread"),
    RecursionError(),
    MemoryError(),
]
ONE_OF_EACH = {f"{type(error).__module__}.{type(error).__name__}": error for error in URLLIB3 + BELOW}
EVERY = pytest.mark.parametrize("error", ONE_OF_EACH.values(), ids=list(ONE_OF_EACH))


def failing(where: str, error: BaseException) -> Transport:
    """A transport whose connection fails there, towards a server that would answer."""

    def fail(*_: object) -> None:
        raise error

    connection = type("Failing", (WitnessedConnection,), {where: fail})
    pool = type("FailingPool", (HTTPPool,), {"ConnectionCls": connection})
    return Transport("http://localhost:1", pools={"http": pool})


def test_every_exception_of_urllib3_is_tried() -> None:
    names = {type(error).__name__ for error in URLLIB3}

    assert {"NewConnectionError", "ReadTimeoutError", "ProtocolError", "SSLError", "MaxRetryError"} <= names
    assert len(URLLIB3) > 25


@EVERY
def test_before_anything_left_it_is_not_sent(error: Exception) -> None:
    with pytest.raises(NotSent):
        post(failing("connect", error))


@EVERY
def test_after_something_left_it_is_no_answer(error: Exception) -> None:
    class Leaving(WitnessedConnection):
        def getresponse(self) -> HTTPResponse:  # type: ignore[override]
            raise error

    class LeavingPool(HTTPPool):
        ConnectionCls = Leaving

    with rogue(answers(200, OK)) as server:
        with pytest.raises(NoAnswer):
            post(Transport(server.url, pools={"http": LeavingPool}))
        assert len(server.requests) <= 1


@EVERY
def test_while_it_leaves_it_is_no_answer(error: Exception) -> None:
    """How much of it went out cannot be told."""

    class Torn(WitnessedConnection):
        def endheaders(self, *arguments: object, **named: object) -> None:
            super().endheaders(*arguments, **named)  # type: ignore[arg-type]
            raise error

    class TornPool(HTTPPool):
        ConnectionCls = Torn

    with rogue(answers(200, OK)) as server, pytest.raises(NoAnswer):
        post(Transport(server.url, pools={"http": TornPool}), BUDGET)


class HalfSocket:
    """A socket that is torn in the middle of its first send."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def sendall(self, data: bytes) -> None:
        self._sock.sendall(data[: len(data) // 2])
        raise ConnectionResetError

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)


def test_torn_in_its_very_first_send_it_is_no_answer() -> None:
    """Half of the request is out, and perhaps all: the departure is noted before the send, not after."""

    class Half(WitnessedConnection):
        def connect(self) -> None:
            super().connect()
            self.sock = HalfSocket(self.sock)

    class HalfPool(HTTPPool):
        ConnectionCls = Half

    with rogue(answers(200, OK)) as server, pytest.raises(NoAnswer):
        post(Transport(server.url, pools={"http": HalfPool}), BUDGET)


def test_the_name_of_the_error_is_told_and_its_text_is_not() -> None:
    with pytest.raises(NotSent) as caught:
        post(failing("connect", ValueError("4111111111111111")))

    assert str(caught.value) == "not sent (ValueError)"
    assert isinstance(caught.value.__cause__, ValueError)


def test_what_ends_the_process_is_not_held_up() -> None:
    for error in (KeyboardInterrupt(), SystemExit()):
        with pytest.raises(type(error)):
            post(failing("connect", error))


class TestDeparture:
    """The witness itself, without a network."""

    def test_a_late_watchdog_finds_nothing_to_bite(self) -> None:
        with rogue(answers(200, OK)) as server, socket.create_connection(("localhost", server.port)) as line:
            departure = Departure()
            departure.through(line)
            departure.conclude()
            departure.hang_up()
            line.sendall(b"GET / HTTP/1.1\r\n\r\n")
            assert line.recv(65536).endswith(OK_BODY)

    def test_once_the_time_is_up_nothing_passes(self) -> None:
        departure = Departure()
        departure.hang_up()
        with pytest.raises(TimeoutError):
            departure.through(None)  # type: ignore[arg-type]
        assert not departure.happened


def test_the_environments_proxies_see_nothing() -> None:
    """Card data goes to the gateway and nobody between."""
    program = (
        "import sys; from payments.gateway.transport import Transport;"
        "print(Transport(sys.argv[1]).exchange('GET', '/', {}, None, 5).status)"
    )
    with rogue(answers(200, OK)) as server, rogue(answers(502, OK)) as proxy:
        names = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
        environment = os.environ | dict.fromkeys(names, proxy.url) | {"PYTHONPATH": os.pathsep.join(sys.path)}
        told = subprocess.run(
            [sys.executable, "-c", program, server.url], env=environment, capture_output=True, text=True, check=True
        )
        assert told.stdout.strip() == "200"
        assert (len(server.requests), len(proxy.lines)) == (1, 0)
