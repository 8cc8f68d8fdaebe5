"""The gateway's client in many threads at once: a run of the follow-up asks so."""

import threading
from datetime import datetime

import pytest

from payments.gateway.circuit_breaker import FAILURES_TO_OPEN, OPEN_FOR, CircuitBreaker
from payments.gateway.send_tracking import MAX_IDLE_SECONDS
from payments.gateway.transport import Exchange, Transport
from payments.model.gateway_transaction import GatewayTransaction
from payments.ports.gateway import NoAnswer, NotSent
from tests.fakes.clock import SettableClock
from tests.fakes.threads import MeetingPoint, in_threads
from tests.payments.gateway.envelopes import envelope
from tests.payments.gateway.exchanges import OK, OK_BODY, post
from tests.payments.gateway.gateway_calls import NEW, OLD, GatewayCalls
from tests.payments.gateway.rogue_server import rogue_server
from tests.payments.gateway.server_behaviours import Behaviour, Connection, answers, stays_silent

MANY = 8


def answers_together(count: int, behaviour: Behaviour) -> Behaviour:
    """Answers when so many requests have arrived."""
    arrived = threading.Barrier(count)

    def together(connection: Connection) -> None:
        arrived.wait(10)
        behaviour(connection)

    return together


class TestTransport:
    def test_exchanges_run_at_the_same_time_and_their_connections_are_reused(self) -> None:
        with rogue_server(answers_together(MANY, answers(200, OK))) as server:
            transport = Transport(server.url, connections=MANY)
            for _ in range(3):
                assert in_threads(MANY, lambda: post(transport, 10)) == [Exchange(200, OK_BODY)] * MANY
            assert (len(server.connections), len(server.requests)) == (MANY, 3 * MANY)

    def test_a_connection_that_idled_is_replaced_though_others_were_in_use(self) -> None:
        """Of two connections only one is used for a while. The other one may be dead by then."""
        now = [1000.0]
        both = answers_together(2, answers(200, OK))
        with rogue_server(both, both, *[answers(200, OK)] * 3, both, both) as server:
            transport = Transport(server.url, clock=lambda: now[0], connections=2)
            in_threads(2, lambda: post(transport, 10))
            for _ in range(3):
                now[0] += 0.5 * MAX_IDLE_SECONDS
                post(transport)
            in_threads(2, lambda: post(transport, 10))
            assert len(server.connections) == 3

    def test_a_silent_exchange_is_not_ended_by_another_one(self) -> None:
        """The second begins, after a pause, while the first still waits for its answer."""
        now = [1000.0]
        arrived, answer = threading.Event(), threading.Event()

        def slow(connection: Connection) -> None:
            arrived.set()
            answer.wait(10)
            answers(200, OK)(connection)

        with rogue_server(slow, answers(200, OK)) as server:
            transport = Transport(server.url, clock=lambda: now[0], connections=2)
            found: list[Exchange] = []
            first = threading.Thread(target=lambda: found.append(post(transport, 10)))
            first.start()
            assert arrived.wait(10)
            now[0] += 2 * MAX_IDLE_SECONDS
            assert post(transport, 10).status == 200
            answer.set()
            first.join(10)
            assert found == [Exchange(200, OK_BODY)]

    def test_each_exchange_knows_for_itself_whether_it_was_sent(self) -> None:
        """Both have begun before one of them sends. A request that left must not be taken for one that did not."""
        meet = MeetingPoint()

        def clock() -> float:
            meet()
            return 1000.0

        with rogue_server(stays_silent) as server:
            transport = Transport(server.url, clock=clock, connections=2)
            found = in_threads(2, lambda: post(transport, 1.0))
            assert [type(each) for each in found] == [NoAnswer, NoAnswer]


class TestKeys:
    def test_each_query_refused_under_an_old_key_is_made_again_under_the_new_one(self) -> None:
        """One thread reloads the keys. The others find that they were reloaded a moment ago."""
        refused = answers_together(MANY, answers(401, {"message": "Invalid Secret Key."}))
        with rogue_server(*[refused] * MANY, answers(200, envelope())) as server:
            gateway = GatewayCalls(server, OLD, NEW)
            found = in_threads(MANY, lambda: gateway.client.status("order-1", 10))

            assert all(isinstance(each, GatewayTransaction) for each in found), found
            assert sorted(gateway.keys_sent()) == ["PA_TEST_new"] * MANY + ["PA_TEST_old"] * MANY
            assert gateway.telemetry.facts_of("gateway_credentials_refused") == []


class SlowClock(SettableClock):
    """A clock whose reading takes as long as another thread needs to read it as well."""

    def __init__(self) -> None:
        super().__init__()
        self.meet: MeetingPoint | None = None

    def __call__(self) -> datetime:
        if self.meet is not None:
            self.meet()
        return super().__call__()


def test_one_of_two_threads_is_the_probe_of_the_circuit() -> None:
    clock = SlowClock()
    breaker = CircuitBreaker(clock)
    for _ in range(FAILURES_TO_OPEN):
        breaker.failed()
    clock.now += OPEN_FOR
    clock.meet = MeetingPoint()

    admitted = in_threads(2, breaker.admit)

    assert sorted(map(type, admitted), key=str) == sorted([type(None), NotSent], key=str)


@pytest.mark.parametrize("failures", [FAILURES_TO_OPEN - 1, FAILURES_TO_OPEN])
def test_failures_of_all_threads_count(failures: int) -> None:
    breaker = CircuitBreaker(SettableClock())
    in_threads(failures, breaker.failed)

    refused = in_threads(1, breaker.check)

    assert isinstance(refused[0], NotSent) == (failures == FAILURES_TO_OPEN)
