"""A connection is reused for many exchanges, but never after a failure or a long idle time."""

import socket

import pytest

from payments.gateway.send_tracking import MAX_IDLE_SECONDS
from payments.gateway.transport import MAX_ANSWER_BYTES, Exchange, Transport
from payments.ports.gateway import NoAnswer
from tests.payments.gateway.exchanges import BUDGET, OK, OK_BODY, post
from tests.payments.gateway.rogue_server import rogue_server
from tests.payments.gateway.server_behaviours import (
    Behaviour,
    Connection,
    answers,
    resets,
    sends,
    stays_silent,
    then_closes,
)


class TestReuse:
    @pytest.mark.parametrize(
        "answer",
        [
            answers(200, OK),
            answers(422, OK),
            answers(500, OK),
            answers(204, raw=b""),
            sends(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
        ],
        ids=["200", "422", "500", "204", "chunked"],
    )
    def test_a_connection_is_reused_after_a_complete_answer(self, answer: Behaviour) -> None:
        with rogue_server(answer) as server:
            transport = Transport(server.url)
            for _ in range(3):
                post(transport)
            assert (len(server.connections), len(server.requests)) == (1, 3)

    @pytest.mark.parametrize(
        "first",
        [
            answers(200, raw=b"x" * 10 * MAX_ANSWER_BYTES),
            sends(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{}"),
            sends(b"HTTP/1.1 103 Early Hints\r\n\r\n"),
            sends(b"garbage\r\n\r\n"),
            stays_silent,
        ],
        ids=["too large", "half a body", "early hints", "garbage", "silence"],
    )
    def test_a_connection_is_not_reused_after_a_failure(self, first: Behaviour) -> None:
        """The rest of one answer must not become the start of the next."""
        with rogue_server(answers(200, OK), first, answers(200, OK)) as server:
            transport = Transport(server.url)
            post(transport)
            with pytest.raises(NoAnswer):
                post(transport, BUDGET)
            assert post(transport) == Exchange(200, OK_BODY)
            assert len(server.connections) == 2

    def test_a_late_answer_is_not_taken_for_the_next_one(self) -> None:
        def late(connection: Connection) -> None:
            connection.over.wait(BUDGET * 1.5)
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nLATE")

        with rogue_server(answers(200, OK), late, answers(200, OK)) as server:
            transport = Transport(server.url)
            post(transport)
            with pytest.raises(NoAnswer):
                post(transport, BUDGET)
            assert post(transport).body == OK_BODY

    def test_a_connection_that_the_server_closed_is_replaced_before_sending(self) -> None:
        with rogue_server(answers(200, OK)) as server:
            transport = Transport(server.url)
            post(transport)
            server.connections[0].socket.shutdown(socket.SHUT_RDWR)
            assert post(transport).status == 200
            assert (len(server.connections), len(server.requests)) == (2, 2)

    @pytest.mark.parametrize("dies", [then_closes(), resets], ids=["closed", "reset"])
    def test_a_connection_that_breaks_in_use_is_no_answer_and_nothing_is_sent_again(self, dies: Behaviour) -> None:
        with rogue_server(answers(200, OK), dies, answers(200, OK)) as server:
            transport = Transport(server.url)
            post(transport)
            with pytest.raises(NoAnswer):
                post(transport)
            assert (len(server.connections), len(server.requests)) == (1, 2)

    @pytest.mark.parametrize(
        ("idle", "connections"), [(0, 1), (MAX_IDLE_SECONDS, 1), (MAX_IDLE_SECONDS + 0.001, 2), (3600, 2), (-1, 2)]
    )
    def test_a_connection_is_dropped_after_a_long_idle_time(self, idle: float, connections: int) -> None:
        now = [1000.0]
        with rogue_server(answers(200, OK)) as server:
            transport = Transport(server.url, clock=lambda: now[0])
            post(transport)
            now[0] += idle
            post(transport)
            assert len(server.connections) == connections

    def test_a_connection_is_not_reused_after_connection_close(self) -> None:
        with rogue_server(answers(200, OK, "Connection: close")) as server:
            transport = Transport(server.url)
            for _ in range(2):
                assert post(transport).status == 200
            assert len(server.connections) == 2

    def test_a_late_watchdog_does_not_end_the_next_exchange(self) -> None:
        """The time limit of the first exchange passes while the second uses the same connection."""

        def slowly(connection: Connection) -> None:
            connection.over.wait(0.4)
            answers(200, OK)(connection)

        with rogue_server(answers(200, OK), slowly) as server:
            transport = Transport(server.url)
            post(transport, 0.2)
            assert post(transport, 5).status == 200
            assert len(server.connections) == 1
