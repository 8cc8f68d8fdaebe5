"""Each exception of urllib3 and its libraries becomes NotSent before the request left, and NoAnswer after."""

import http.client
import inspect
import os
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
import urllib3.exceptions
from urllib3 import HTTPConnectionPool
from urllib3.response import HTTPResponse

from payments.gateway.send_tracking import HTTPPool, SendTracker, TrackedConnection
from payments.gateway.transport import Transport
from payments.ports.gateway import NoAnswer, NotSent
from tests.payments.gateway.exchanges import OK, OK_BODY, post
from tests.payments.gateway.rogue_server import rogue_server
from tests.payments.gateway.server_behaviours import Connection, answers

POOL = HTTPConnectionPool("localhost")
ARGUMENTS = ((), ("text",), (POOL, "text"), (POOL, "/", "text"), ("text", ValueError()), (1, 2), (HTTPResponse(), b"x"))


def exceptions_of(module: object, base: type[Exception]) -> Iterator[Exception]:
    """One instance of each exception class of a library."""
    for _, found in sorted(inspect.getmembers(module, inspect.isclass)):
        if issubclass(found, base):
            yield instance_of(found)


def instance_of(error: type[Exception]) -> Exception:
    for arguments in ARGUMENTS:
        try:
            instance = error(*arguments)
            str(instance)
        except (TypeError, AttributeError):
            continue
        return instance
    raise AssertionError(f"ARGUMENTS has no arguments for {error.__name__}")


URLLIB3 = list(exceptions_of(urllib3.exceptions, urllib3.exceptions.HTTPError))
BELOW = [
    *exceptions_of(http.client, http.client.HTTPException),
    *exceptions_of(ssl, OSError),
    TimeoutError(),
    ConnectionResetError(),
    BrokenPipeError(),
    OSError(),
    ValueError(),
    UnicodeError(),
    EOFError(),
    # Raised by bugs of a library when another thread closes its socket.
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
    """A transport with a connection that raises `error` in its method `where`."""

    def fail(*_: object) -> None:
        raise error

    connection = type("Failing", (TrackedConnection,), {where: fail})
    pool = type("FailingPool", (HTTPPool,), {"ConnectionCls": connection})
    return Transport("http://127.0.0.1:1", pools={"http": pool})


def reads_and_closes(connection: Connection) -> bool:
    """Ends the wait of a client that ignores its error: urllib3 reads the answer after a BrokenPipeError."""
    connection.socket.recv(65536)
    return False


def test_the_cases_include_every_exception_of_urllib3() -> None:
    names = {type(error).__name__ for error in URLLIB3}

    assert {"NewConnectionError", "ReadTimeoutError", "ProtocolError", "SSLError", "MaxRetryError"} <= names
    assert len(URLLIB3) > 25


@EVERY
def test_an_exception_before_the_send_means_not_sent(error: Exception) -> None:
    with pytest.raises(NotSent):
        post(failing("connect", error))


@EVERY
def test_an_exception_after_the_send_means_no_answer(error: Exception) -> None:
    class FailingAfterSend(TrackedConnection):
        def getresponse(self) -> HTTPResponse:  # type: ignore[override]
            raise error

    class FailingAfterSendPool(HTTPPool):
        ConnectionCls = FailingAfterSend

    with rogue_server(answers(200, OK)) as server:
        with pytest.raises(NoAnswer):
            post(Transport(server.url, pools={"http": FailingAfterSendPool}))
        assert len(server.requests) <= 1


@EVERY
def test_an_exception_during_the_send_means_no_answer(error: Exception) -> None:
    """Nobody can know how much of the request went out."""

    class FailingDuringSend(TrackedConnection):
        def endheaders(self, *arguments: object, **named: object) -> None:
            super().endheaders(*arguments, **named)  # type: ignore[arg-type]
            raise error

    class FailingDuringSendPool(HTTPPool):
        ConnectionCls = FailingDuringSend

    with rogue_server(accepts=reads_and_closes) as server, pytest.raises(NoAnswer):
        post(Transport(server.url, pools={"http": FailingDuringSendPool}))


class HalfSocket:
    """A socket that sends half of the data and is then reset."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def sendall(self, data: bytes) -> None:
        self._sock.sendall(data[: len(data) // 2])
        raise ConnectionResetError

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)


def test_a_reset_in_the_middle_of_the_first_send_means_no_answer() -> None:
    """At least half of the request went out: a send is recorded before it happens, not after."""

    class Half(TrackedConnection):
        def connect(self) -> None:
            super().connect()
            self.sock = HalfSocket(self.sock)

    class HalfPool(HTTPPool):
        ConnectionCls = Half

    with rogue_server(answers(200, OK)) as server, pytest.raises(NoAnswer):
        post(Transport(server.url, pools={"http": HalfPool}))


def test_the_message_has_the_name_of_the_exception_and_not_its_text() -> None:
    with pytest.raises(NotSent) as caught:
        post(failing("connect", ValueError("4111111111111111")))

    assert str(caught.value) == "not sent (ValueError)"
    assert isinstance(caught.value.__cause__, ValueError)


def test_an_exception_that_ends_the_process_is_raised_again() -> None:
    for error in (KeyboardInterrupt(), SystemExit()):
        with pytest.raises(type(error)):
            post(failing("connect", error))


class TestSendTracker:
    """The tracker alone."""

    def test_a_late_watchdog_closes_no_socket_of_a_finished_exchange(self) -> None:
        with rogue_server(answers(200, OK)) as server, socket.create_connection(("127.0.0.1", server.port)) as sock:
            tracker = SendTracker(time.time)
            tracker.before_send(sock)
            tracker.finish()
            tracker.time_out()
            sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
            assert sock.recv(65536).endswith(OK_BODY)

    def test_after_the_time_limit_nothing_is_sent(self) -> None:
        tracker = SendTracker(time.time)
        tracker.time_out()
        with pytest.raises(TimeoutError):
            tracker.before_send(None)  # type: ignore[arg-type]
        assert not tracker.sent


def test_a_proxy_of_the_environment_is_not_used() -> None:
    """Card data goes to the gateway directly."""
    program = (
        "import sys; from payments.gateway.transport import Transport;"
        "print(Transport(sys.argv[1]).exchange('GET', '/', {}, None, 5).status)"
    )
    with rogue_server(answers(200, OK)) as server, rogue_server(answers(502, OK)) as proxy:
        names = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
        environment = os.environ | dict.fromkeys(names, proxy.url) | {"PYTHONPATH": os.pathsep.join(sys.path)}
        result = subprocess.run(
            [sys.executable, "-c", program, server.url], env=environment, capture_output=True, text=True, check=True
        )
        assert result.stdout.strip() == "200"
        assert (len(server.requests), len(proxy.connections)) == (1, 0)
