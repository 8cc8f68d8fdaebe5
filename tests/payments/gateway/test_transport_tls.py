"""Nothing is sent over TLS that cannot be trusted."""

import datetime as dt
import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from payments.gateway.send_tracking import SendTracker
from payments.gateway.transport import Exchange, Transport
from payments.ports.gateway import NoAnswer, NotSent
from tests.payments.gateway.certificates import DAY, Authority, authority, serving
from tests.payments.gateway.exchanges import BUDGET, OK, OK_BODY, post, within
from tests.payments.gateway.rogue_server import rogue_server
from tests.payments.gateway.server_behaviours import (
    Behaviour,
    Connection,
    answers,
    drips,
    resets,
    stays_silent,
    then_closes,
)


@pytest.fixture(scope="module")
def ours() -> Authority:
    return authority()


@pytest.fixture
def good(ours: Authority, tmp_path: Path) -> ssl.SSLContext:
    return serving(tmp_path, "localhost", ours)


def test_a_valid_certificate_is_trusted(ours: Authority, good: ssl.SSLContext) -> None:
    with rogue_server(answers(200, OK), tls=good) as server:
        transport = Transport(server.url, ours.trusting())
        for _ in range(3):
            assert post(transport) == Exchange(200, OK_BODY)
        assert len(server.requests) == 3


class TestNotTrusted:
    def test_a_certificate_of_another_host(self, ours: Authority, tmp_path: Path) -> None:
        self.assert_nothing_is_sent(serving(tmp_path, "gateway.example", ours), ours.trusting())

    @pytest.mark.parametrize("ago", [dt.timedelta(minutes=1), DAY])
    def test_an_expired_certificate(self, ours: Authority, tmp_path: Path, ago: dt.timedelta) -> None:
        self.assert_nothing_is_sent(serving(tmp_path, "localhost", ours, -ago), ours.trusting())

    def test_a_self_signed_certificate(self, ours: Authority, tmp_path: Path) -> None:
        self.assert_nothing_is_sent(serving(tmp_path, "localhost", None), ours.trusting())

    def test_a_certificate_of_another_authority(self, good: ssl.SSLContext) -> None:
        self.assert_nothing_is_sent(good, authority().trusting())

    def test_by_default_only_the_systems_authorities_are_trusted(self, good: ssl.SSLContext) -> None:
        """Production passes no context."""
        self.assert_nothing_is_sent(good, None)

    def test_an_outdated_version_of_tls(self, ours: Authority, good: ssl.SSLContext) -> None:
        trusting = ours.trusting()
        trusting.minimum_version = ssl.TLSVersion.TLSv1_3
        good.maximum_version = ssl.TLSVersion.TLSv1_2
        self.assert_nothing_is_sent(good, trusting)

    def assert_nothing_is_sent(self, server_context: ssl.SSLContext, trusting: ssl.SSLContext | None) -> None:
        with rogue_server(answers(200, OK), tls=server_context) as server:
            with within(0.5), pytest.raises(NotSent, match="SSLError"):
                post(Transport(server.url, trusting))
            assert server.requests == []
            assert len(server.connections) == 1


def speaks_http(connection: Connection) -> bool:
    connection.socket.recv(65536)
    connection.send(b"HTTP/1.1 400 The plain HTTP request was sent to HTTPS port\r\n\r\n")
    return False


def does_not_answer(connection: Connection) -> bool:
    connection.over.wait()
    return False


def drips_records(connection: Connection) -> bool:
    connection.send(b"\x16\x03\x03\x40\x00")
    while connection.send(b"\x02") and not connection.over.wait(0.02):
        pass
    return False


def closes(connection: Connection) -> bool:
    connection.socket.recv(65536)
    return False


class TestNoTls:
    """A server that does not complete the handshake."""

    @pytest.mark.parametrize(
        "accepts", [speaks_http, does_not_answer, drips_records, closes], ids=lambda accepts: accepts.__name__
    )
    def test_nothing_is_sent_before_the_handshake(self, ours: Authority, accepts: Callable[[Connection], bool]) -> None:
        with rogue_server(accepts=accepts) as server, within(BUDGET), pytest.raises(NotSent):
            post(Transport(server.url.replace("http:", "https:"), ours.trusting()), BUDGET)


class TestInterruptedExchange:
    @pytest.mark.parametrize(
        "behaviour",
        [then_closes(), resets, stays_silent, drips(b"", b"H"), drips(b"HTTP/1.1 200 OK\r\n\r\n", b" ")],
        ids=["closed", "reset", "silence", "drip", "closing drip"],
    )
    def test_an_interrupted_exchange_is_no_answer(
        self, ours: Authority, good: ssl.SSLContext, behaviour: Behaviour
    ) -> None:
        with rogue_server(answers(200, OK), behaviour, tls=good) as server:
            transport = Transport(server.url, ours.trusting())
            post(transport)  # a slow handshake must not use up the time of the exchange that matters
            with within(BUDGET), pytest.raises(NoAnswer):
                post(transport, BUDGET)
            assert (len(server.requests), len(server.connections)) == (2, 1)


def test_a_shutdown_keeps_the_encryption(ours: Authority, good: ssl.SSLContext) -> None:
    """A concurrent send must fail. Without TLS the socket would send the rest unencrypted."""
    with (
        rogue_server(stays_silent, tls=good) as server,
        socket.create_connection(("localhost", server.port)) as plain,
        ours.trusting().wrap_socket(plain, server_hostname="localhost") as secure,
    ):
        tracker = SendTracker(time.time)
        tracker.before_send(secure)
        tracker.time_out()

        assert secure.version() is not None
        with pytest.raises(OSError, match=r"[Bb]roken pipe|EOF|closed"):
            secure.sendall(b"in the clear")
