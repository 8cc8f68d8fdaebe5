"""Each failure at a real socket: its error, the number of requests that reach the server, and the time it takes."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from payments.gateway import send_tracking
from payments.gateway.send_tracking import HTTPPool, Pools, TrackedConnection
from payments.gateway.transport import MAX_ANSWER_BYTES, Transport
from payments.ports.gateway import NoAnswer, NotSent
from tests.payments.gateway.exchanges import BUDGET, OK, OK_BODY, post, within
from tests.payments.gateway.rogue_server import rogue_server
from tests.payments.gateway.server_behaviours import (
    Behaviour,
    Connection,
    answers,
    drips,
    resets,
    sends,
    stays_silent,
    then_closes,
)


class TestNotSent:
    """No byte of the request left."""

    def test_a_refused_connection(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        with within(0), pytest.raises(NotSent, match="NewConnectionError"):
            post(Transport(f"http://127.0.0.1:{port}"))

    @pytest.mark.parametrize("host", ["[fe80::1%25nosuch]", "a..b", "x" * 64 + ".example"])
    def test_a_host_that_cannot_be_resolved(self, host: str) -> None:
        """Hosts that the resolver rejects by itself, so no test waits for a name server."""
        with within(0), pytest.raises(NotSent):
            post(Transport(f"http://{host}"))

    def test_a_connection_that_is_not_accepted_in_time(self) -> None:
        with full_queue() as port, within(BUDGET), pytest.raises(NotSent, match="ConnectTimeoutError"):
            post(Transport(f"http://127.0.0.1:{port}"), BUDGET)

    @pytest.mark.parametrize("seconds", [0, -1, -0.001])
    def test_no_time_left(self, seconds: float) -> None:
        with rogue_server(answers(200, OK)) as server, pytest.raises(NotSent):
            post(Transport(server.url), seconds)
        assert server.requests == []

    @pytest.mark.parametrize("value", ["two\r\nlines", "two\nlines", "\ud800"])
    def test_a_header_that_cannot_be_sent(self, value: str) -> None:
        with rogue_server(answers(200, OK)) as server, pytest.raises(NotSent):
            Transport(server.url).exchange("POST", "/", {"Authorization": value}, b"", 5)
        assert server.requests == []


class TestNoAnswer:
    """The request left, so it is never sent again."""

    @pytest.mark.parametrize(
        ("behaviour", "error"),
        [
            (then_closes(), "ProtocolError"),
            (resets, "ProtocolError"),
            (then_closes(sends(b"HTTP/1.1 2")), "ProtocolError"),
            (then_closes(sends(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n" + OK_BODY)), "ProtocolError"),
            (
                then_closes(sends(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n15\r\n" + OK_BODY)),
                "ProtocolError",
            ),
            (sends(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"), "ProtocolError"),
            (sends(b"HTTP/1.1 abc OK\r\n\r\n"), "ProtocolError"),
            (sends(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000 + b"\r\n"), "ProtocolError"),
            (sends(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000), "ProtocolError"),
            (sends(b"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\n{}"), "InvalidHeader"),
            (sends(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), "no answer"),
            (answers(200, None, "Content-Encoding: gzip", raw=b"no gzip"), "DecodeError"),
            (answers(200, raw=b"x" * (MAX_ANSWER_BYTES + 1)), "ValueError"),
            (sends(b"HTTP/1.1 103 Early Hints\r\n\r\n"), "ValueError"),
            (sends(b"HTTP/1.1 101 Switching Protocols\r\n\r\n"), "ValueError"),
        ],
        ids=[
            "closed",
            "reset",
            "half a status line",
            "half a body",
            "half a chunk",
            "not HTTP",
            "no status",
            "too many headers",
            "too long a header",
            "two lengths",
            "no chunk size",
            "not gzip",
            "too large",
            "early hints",
            "switching protocols",
        ],
    )
    def test_a_broken_answer(self, behaviour: Behaviour, error: str) -> None:
        with rogue_server(behaviour) as server, within(0):
            with pytest.raises(NoAnswer, match=error):
                post(Transport(server.url))
            assert len(server.requests) == 1

    @pytest.mark.parametrize(
        "behaviour",
        [
            stays_silent,
            drips(b"", b"H"),
            drips(b"HTTP/1.1 200 OK\r\nX: ", b"y"),
            drips(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
            drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
            drips(b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n", b" "),
            drips(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
            drips(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"Trailer: x\r\n"),
            drips(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0"),
            drips(b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\nConnection: close\r\n\r\n", b" "),
        ],
        ids=[
            "silence",
            "status line",
            "header",
            "headers",
            "interim answers",
            "body",
            "chunks",
            "trailers",
            "chunk size",
            "closing body",
        ],
    )
    def test_an_answer_that_comes_too_slowly(self, behaviour: Behaviour) -> None:
        """On a connection that is open already, so that a slow connect cannot use up the time."""
        with rogue_server(answers(200, OK), behaviour) as server:
            transport = Transport(server.url)
            post(transport)
            with within(BUDGET), pytest.raises(NoAnswer):
                post(transport, BUDGET)
            assert (len(server.requests), len(server.connections)) == (2, 1)

    def test_a_connection_that_is_accepted_and_closed(self) -> None:
        with rogue_server(accepts=lambda _: False) as server:
            with within(0), pytest.raises(NoAnswer):
                post(Transport(server.url))
            assert len(server.connections) == 1

    def test_a_request_body_that_the_server_does_not_read(self) -> None:
        """The sender blocks, but only until the time limit."""

        def does_not_read(connection: Connection) -> bool:
            connection.over.wait()
            return False

        with rogue_server(accepts=does_not_read) as server, within(BUDGET), pytest.raises(NoAnswer):
            Transport(server.url).exchange("POST", "/", {}, b"x" * 20_000_000, BUDGET)

    def test_nothing_is_sent_when_connecting_took_all_the_time(self) -> None:
        """A slow resolver or many addresses can use up the time. Nobody would wait for the answer."""
        with rogue_server(answers(200, OK)) as server:
            transport = Transport(server.url, pools=connected_after_the_time_limit())
            with pytest.raises(NotSent):
                post(transport, 0.1)
        assert server.requests == []


class TestSecrecy:
    @pytest.mark.parametrize(
        "behaviour", [then_closes(), sends(b"the key is k and the payload p\r\n\r\n")], ids=["closed", "echo"]
    )
    def test_the_message_names_the_exception_and_quotes_nothing(self, behaviour: Behaviour) -> None:
        with rogue_server(behaviour) as server, pytest.raises(NoAnswer) as caught:
            post(Transport(server.url))

        assert str(caught.value) == "no answer (ProtocolError)"


def connected_after_the_time_limit() -> Pools:
    """Connections that are ready only once the time of the exchange is up, however busy the machine is."""

    class Slow(TrackedConnection):
        def connect(self) -> None:
            tracker, deadline = send_tracking.current.get(), time.monotonic() + 60
            with suppress(TimeoutError):
                while time.monotonic() < deadline:
                    tracker.check_time()
                    time.sleep(0.01)
            super().connect()

    class SlowPool(HTTPPool):
        ConnectionCls = Slow

    return {"http": SlowPool}


@contextmanager
def full_queue() -> Iterator[int]:
    """A port with a full accept queue: it neither refuses nor accepts a connection."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port: int = listener.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for sock in waiting:
            sock.setblocking(False)  # noqa: FBT003
            sock.connect_ex(("127.0.0.1", port))
        try:
            yield port
        finally:
            for sock in waiting:
                sock.close()
