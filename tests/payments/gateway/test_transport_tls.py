"""TLS that cannot be trusted is a connection that never stood: nothing left."""

import datetime as dt
import socket
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from payments.gateway.send_tracking import SendTracker
from payments.gateway.transport import Exchange, Transport
from payments.ports.gateway import NoAnswer, NotSent
from tests.payments.gateway.certificates import DAY, Authority, authority, serving
from tests.payments.gateway.exchanges import BUDGET, OK, OK_BODY, post, within
from tests.payments.gateway.rogue_server import rogue
from tests.payments.gateway.simulated_gateway import Line, Play, answers, drips, resets, says_nothing, then_closes


@pytest.fixture(scope="module")
def ours() -> Authority:
    return authority()


@pytest.fixture
def good(ours: Authority, tmp_path: Path) -> ssl.SSLContext:
    return serving(tmp_path, "localhost", ours)


def test_a_certificate_that_can_be_trusted_is(ours: Authority, good: ssl.SSLContext) -> None:
    with rogue(answers(200, OK), tls=good) as server:
        transport = Transport(server.url, ours.trusting())
        for _ in range(3):
            assert post(transport) == Exchange(200, OK_BODY)
        assert len(server.requests) == 3


class TestNotTrusted:
    def test_of_another_host(self, ours: Authority, tmp_path: Path) -> None:
        self.nothing_is_sent(serving(tmp_path, "gateway.example", ours), ours.trusting())

    @pytest.mark.parametrize("ago", [dt.timedelta(minutes=1), DAY])
    def test_expired(self, ours: Authority, tmp_path: Path, ago: dt.timedelta) -> None:
        self.nothing_is_sent(serving(tmp_path, "localhost", ours, -ago), ours.trusting())

    def test_signed_by_itself(self, ours: Authority, tmp_path: Path) -> None:
        self.nothing_is_sent(serving(tmp_path, "localhost", None), ours.trusting())

    def test_signed_by_somebody_else(self, good: ssl.SSLContext) -> None:
        self.nothing_is_sent(good, authority().trusting())

    def test_by_default_only_the_machines_authorities_are(self, good: ssl.SSLContext) -> None:
        """No context given is how production calls it."""
        self.nothing_is_sent(good, None)

    def test_a_version_of_tls_that_is_too_old(self, ours: Authority, good: ssl.SSLContext) -> None:
        trusting = ours.trusting()
        trusting.minimum_version = ssl.TLSVersion.TLSv1_3
        good.maximum_version = ssl.TLSVersion.TLSv1_2
        self.nothing_is_sent(good, trusting)

    def nothing_is_sent(self, server_context: ssl.SSLContext, trusting: ssl.SSLContext | None) -> None:
        with rogue(answers(200, OK), tls=server_context) as server:
            with within(0.5), pytest.raises(NotSent, match="SSLError"):
                post(Transport(server.url, trusting))
            assert server.requests == []
            assert len(server.lines) == 1


def speaks_http(line: Line) -> bool:
    line.socket.recv(65536)
    line.send(b"HTTP/1.1 400 The plain HTTP request was sent to HTTPS port\r\n\r\n")
    return False


def is_silent(line: Line) -> bool:
    line.over.wait()
    return False


def drips_records(line: Line) -> bool:
    line.send(b"\x16\x03\x03\x40\x00")
    while line.send(b"\x02") and not line.over.wait(0.02):
        pass
    return False


def closes(line: Line) -> bool:
    line.socket.recv(65536)
    return False


class TestNoTls:
    """Whatever a server does before the handshake is through, nothing was sent."""

    @pytest.mark.parametrize("door", [speaks_http, is_silent, drips_records, closes], ids=lambda door: door.__name__)
    def test_nothing_is_sent(self, ours: Authority, door: Callable[[Line], bool]) -> None:
        with rogue(door=door) as server, within(BUDGET), pytest.raises(NotSent):
            post(Transport(server.url.replace("http:", "https:"), ours.trusting()), BUDGET)


class TestInTheMiddle:
    @pytest.mark.parametrize(
        "play",
        [then_closes(), resets, says_nothing, drips(b"", b"H"), drips(b"HTTP/1.1 200 OK\r\n\r\n", b" ")],
        ids=["closed", "reset", "silence", "drip", "closing drip"],
    )
    def test_of_an_exchange_it_is_no_answer(self, ours: Authority, good: ssl.SSLContext, play: Play) -> None:
        with rogue(play, tls=good) as server:
            with within(BUDGET), pytest.raises(NoAnswer):
                post(Transport(server.url, ours.trusting()), BUDGET)
            assert len(server.requests) == 1


def test_hanging_up_leaves_the_encryption_on(ours: Authority, good: ssl.SSLContext) -> None:
    """A sender that is still at it must fail: without its TLS the socket would take the rest in the clear."""
    with (
        rogue(says_nothing, tls=good) as server,
        socket.create_connection(("localhost", server.port)) as plain,
        ours.trusting().wrap_socket(plain, server_hostname="localhost") as secure,
    ):
        tracker = SendTracker()
        tracker.before_send(secure)
        tracker.time_out()

        assert secure.version() is not None
        with pytest.raises(OSError, match=r"[Bb]roken pipe|EOF|closed"):
            secure.sendall(b"in the clear")
