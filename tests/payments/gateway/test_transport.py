"""Every HTTP status is an answer, and its body is read up to a limit."""

import tracemalloc
import zlib
from collections.abc import Callable

import pytest

from payments.gateway.transport import MAX_ANSWER_BYTES, Exchange, Transport
from payments.ports.gateway import NoAnswer
from tests.payments.gateway.exchanges import OK, OK_BODY, post
from tests.payments.gateway.rogue_server import rogue_server
from tests.payments.gateway.server_behaviours import Behaviour, answers, floods, gzipped, sends, then_closes


class TestAnswers:
    @pytest.mark.parametrize("status", [200, 201, 302, 400, 401, 403, 404, 422, 500, 502, 503])
    def test_every_status_is_an_answer(self, status: int) -> None:
        with rogue_server(answers(status, OK, "Location: /elsewhere", "Retry-After: 1")) as server:
            assert post(Transport(server.url)) == Exchange(status, OK_BODY, retry_after=1.0)
            assert len(server.requests) == 1

    def test_the_request_is_sent_unchanged(self) -> None:
        with rogue_server(answers(200, OK)) as server:
            post(Transport(server.url))

            (request,) = server.requests
            assert request.line == "POST /api/v1/test/card HTTP/1.1"
            assert request.body == b'{"payload":"p"}'
            assert request.header("authorization") == "Bearer k"
            assert request.header("content-length") == "15"
            assert request.header("host") == f"127.0.0.1:{server.port}"
            assert request.header("cookie") is None

    @pytest.mark.parametrize("path", ["/api/test/status/order~2", "/api/test/status/a.b_c-d", "/api/test/status/..."])
    def test_a_path_arrives_unchanged(self, path: str) -> None:
        with rogue_server(answers(200, OK)) as server:
            Transport(server.url).exchange("GET", path, {}, None, 5)

            assert server.requests[0].line == f"GET {path} HTTP/1.1"

    @pytest.mark.parametrize(
        "answer",
        [
            sends(
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                b'5\r\n{"sta\r\n10\r\ntus": "SUCCESS"}\r\n0\r\n\r\n'
            ),
            then_closes(sends(b"HTTP/1.1 200 OK\r\n\r\n" + OK_BODY)),
            then_closes(sends(b"HTTP/1.0 200 OK\r\n\r\n" + OK_BODY)),
            then_closes(answers(200, OK, "Connection: close")),
            sends(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 21\r\n\r\n" + OK_BODY),
            gzipped(OK_BODY),
            answers(200, None, "Content-Encoding: deflate", raw=zlib.compress(OK_BODY)),
        ],
        ids=["chunked", "to the end", "HTTP/1.0", "closing", "continue first", "gzip", "deflate"],
    )
    def test_every_form_of_a_body_is_read(self, answer: Behaviour) -> None:
        with rogue_server(answer) as server:
            assert post(Transport(server.url)) == Exchange(200, OK_BODY)

    @pytest.mark.parametrize("status", [200, 204, 304, 502])
    def test_an_answer_can_have_an_empty_body(self, status: int) -> None:
        with rogue_server(answers(status, raw=b"")) as server:
            assert post(Transport(server.url)) == Exchange(status, b"")

    @pytest.mark.parametrize("size", [MAX_ANSWER_BYTES - 1, MAX_ANSWER_BYTES])
    def test_a_body_of_the_maximum_size_is_read(self, size: int) -> None:
        with rogue_server(answers(200, raw=b"x" * size)) as server:
            assert len(post(Transport(server.url)).body) == size

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_a_redirect_is_not_followed(self, status: int) -> None:
        with (
            rogue_server(answers(200, OK)) as elsewhere,
            rogue_server(answers(status, {}, f"Location: {elsewhere.url}/")) as server,
        ):
            assert post(Transport(server.url)).status == status
            assert (len(server.requests), len(elsewhere.requests)) == (1, 0)


class TestTooMuch:
    HEADS: tuple[str, ...] = (
        "HTTP/1.1 200 OK\r\nContent-Length: 104857600",
        "HTTP/1.1 200 OK\r\nConnection: close",
    )

    @pytest.mark.parametrize("head", HEADS)
    def test_a_body_of_100_mb_is_not_read_to_its_end(self, head: str) -> None:
        with rogue_server(floods(head, 100 * 2**20)) as server:
            assert peak(lambda: refused(Transport(server.url))) < 4 * 2**20
            assert len(server.requests) == 1
        # The socket buffers hold more than the client read.
        assert server.connections[0].sent < 20 * 2**20

    def test_a_compressed_body_of_100_mb_is_not_unpacked_to_its_end(self) -> None:
        with rogue_server(gzipped(b"\0" * 100 * 2**20)) as server:
            assert peak(lambda: refused(Transport(server.url))) < 4 * 2**20


def refused(transport: Transport) -> None:
    with pytest.raises(NoAnswer, match="ValueError"):
        post(transport)


def peak(action: Callable[[], None]) -> int:
    """The peak of Python's memory during the action, in bytes."""
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
