"""One connection serves many exchanges, but none that cannot be trusted."""

import socket

import pytest

from payments.gateway.transport import MAX_ANSWER_BYTES, MAX_IDLE_SECONDS, Exchange, Transport
from payments.ports.gateway import NoAnswer
from tests.payments.gateway.exchanges import BUDGET, OK, OK_BODY, post
from tests.payments.gateway.rogue_server import rogue
from tests.payments.gateway.simulated_gateway import Line, Play, answers, resets, says_nothing, sends, then_closes


class TestReuse:
    """One connection serves many exchanges, but none that cannot be trusted."""

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
    def test_a_connection_that_was_read_to_its_end_is_used_again(self, answer: Play) -> None:
        with rogue(answer) as server:
            transport = Transport(server.url)
            for _ in range(3):
                post(transport)
            assert (len(server.lines), len(server.requests)) == (1, 3)

    @pytest.mark.parametrize(
        "first",
        [
            answers(200, raw=b"x" * 10 * MAX_ANSWER_BYTES),
            sends(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{}"),
            sends(b"HTTP/1.1 103 Early Hints\r\n\r\n"),
            sends(b"garbage\r\n\r\n"),
            says_nothing,
        ],
        ids=["too large", "half a body", "early hints", "garbage", "silence"],
    )
    def test_after_a_failure_it_is_not(self, first: Play) -> None:
        """The rest of one answer must never be taken for the next one's."""
        with rogue(first, answers(200, OK)) as server:
            transport = Transport(server.url)
            with pytest.raises(NoAnswer):
                post(transport, BUDGET)
            assert post(transport) == Exchange(200, OK_BODY)
            assert len(server.lines) == 2

    def test_an_answer_that_came_too_late_is_nobodys(self) -> None:
        def late(line: Line) -> None:
            line.over.wait(BUDGET * 1.5)
            line.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nLATE")

        with rogue(late, answers(200, OK)) as server:
            transport = Transport(server.url)
            with pytest.raises(NoAnswer):
                post(transport, BUDGET)
            assert post(transport).body == OK_BODY

    def test_one_that_the_server_closed_meanwhile_is_noticed_before_anything_is_sent(self) -> None:
        with rogue(answers(200, OK)) as server:
            transport = Transport(server.url)
            post(transport)
            server.lines[0].socket.shutdown(socket.SHUT_RDWR)
            assert post(transport).status == 200
            assert (len(server.lines), len(server.requests)) == (2, 2)

    @pytest.mark.parametrize("dies", [then_closes(), resets], ids=["closed", "reset"])
    def test_one_that_dies_in_use_is_no_answer_and_nothing_is_sent_again(self, dies: Play) -> None:
        with rogue(answers(200, OK), dies, answers(200, OK)) as server:
            transport = Transport(server.url)
            post(transport)
            with pytest.raises(NoAnswer):
                post(transport)
            assert (len(server.lines), len(server.requests)) == (1, 2)

    @pytest.mark.parametrize(
        ("idle", "connections"), [(0, 1), (MAX_IDLE_SECONDS, 1), (MAX_IDLE_SECONDS + 0.001, 2), (3600, 2), (-1, 2)]
    )
    def test_one_that_idled_is_dropped_for_it_may_be_dead(self, idle: float, connections: int) -> None:
        now = [1000.0]
        with rogue(answers(200, OK)) as server:
            transport = Transport(server.url, clock=lambda: now[0])
            post(transport)
            now[0] += idle
            post(transport)
            assert len(server.lines) == connections

    def test_a_closing_answer_closes(self) -> None:
        with rogue(answers(200, OK, "Connection: close")) as server:
            transport = Transport(server.url)
            for _ in range(2):
                assert post(transport).status == 200
            assert len(server.lines) == 2

    def test_a_watchdog_does_not_bite_the_next_exchange(self) -> None:
        """The first one's time is up while the second is under way on the same connection."""

        def slowly(line: Line) -> None:
            line.over.wait(0.4)
            answers(200, OK)(line)

        with rogue(answers(200, OK), slowly) as server:
            transport = Transport(server.url)
            post(transport, 0.2)
            assert post(transport, 5).status == 200
            assert len(server.lines) == 1
