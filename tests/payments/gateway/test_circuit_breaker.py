"""The circuit breaker opens after five consecutive failures; a successful probe closes it."""

import pytest

from payments.gateway.circuit_breaker import FAILURES_TO_OPEN, OPEN_FOR, CircuitBreaker
from payments.ports.gateway import NotSent
from tests.fakes.clock import SettableClock


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def open_breaker(clock: SettableClock) -> CircuitBreaker:
    breaker = CircuitBreaker(clock)
    for _ in range(FAILURES_TO_OPEN):
        breaker.check()
        breaker.failed()
    return breaker


def test_fewer_than_five_consecutive_failures_do_not_open_it(clock: SettableClock) -> None:
    breaker = CircuitBreaker(clock)
    for _ in range(3):
        for _ in range(FAILURES_TO_OPEN - 1):
            breaker.failed()
        breaker.succeeded()
    breaker.check()


def test_five_consecutive_failures_open_it(open_breaker: CircuitBreaker) -> None:
    with pytest.raises(NotSent):
        open_breaker.check()


def test_it_stays_open_until_the_wait_is_over(open_breaker: CircuitBreaker, clock: SettableClock) -> None:
    clock.now += OPEN_FOR * 0.99
    with pytest.raises(NotSent):
        open_breaker.check()


def test_after_the_wait_one_probe_passes_and_others_do_not(open_breaker: CircuitBreaker, clock: SettableClock) -> None:
    clock.now += OPEN_FOR
    open_breaker.admit()
    for another in (open_breaker.check, open_breaker.admit):
        with pytest.raises(NotSent):
            another()


def test_a_check_is_no_probe(open_breaker: CircuitBreaker, clock: SettableClock) -> None:
    clock.now += OPEN_FOR
    for _ in range(3):
        open_breaker.check()
    open_breaker.admit()


def test_a_successful_probe_closes_it(open_breaker: CircuitBreaker, clock: SettableClock) -> None:
    clock.now += OPEN_FOR
    open_breaker.check()
    open_breaker.succeeded()
    open_breaker.check()
    open_breaker.failed()
    open_breaker.check()


def test_a_failed_probe_opens_it_for_another_wait(open_breaker: CircuitBreaker, clock: SettableClock) -> None:
    clock.now += OPEN_FOR
    open_breaker.check()
    open_breaker.failed()
    clock.now += OPEN_FOR * 0.99
    with pytest.raises(NotSent):
        open_breaker.check()
    clock.now += OPEN_FOR * 0.01
    open_breaker.check()


def test_a_probe_without_a_result_does_not_keep_it_open(open_breaker: CircuitBreaker, clock: SettableClock) -> None:
    clock.now += OPEN_FOR
    open_breaker.check()
    clock.now += OPEN_FOR
    open_breaker.check()


class TestWait:
    """The gateway asks to wait so many seconds (Retry-After)."""

    def test_charges_and_queries_wait_for_exactly_so_long(self, clock: SettableClock) -> None:
        breaker = CircuitBreaker(clock)
        breaker.failed(retry_after=30.0)
        clock.forward(seconds=29.999)
        for check in (breaker.check, breaker.check_wait, breaker.admit):
            with pytest.raises(NotSent):
                check()
        clock.forward(seconds=0.001)
        for check in (breaker.check, breaker.check_wait, breaker.admit):
            check()

    def test_after_it_every_request_passes_because_one_failure_is_no_outage(self, clock: SettableClock) -> None:
        breaker = CircuitBreaker(clock)
        breaker.failed(retry_after=30.0)
        clock.forward(seconds=30)
        breaker.admit()
        breaker.admit()

    def test_a_short_wait_does_not_end_an_outage_early(self, clock: SettableClock) -> None:
        breaker = CircuitBreaker(clock)
        for _ in range(FAILURES_TO_OPEN):
            breaker.failed(retry_after=1.0)
        clock.now += OPEN_FOR * 0.99
        breaker.check_wait()
        with pytest.raises(NotSent):
            breaker.check()

    def test_an_outage_without_a_request_to_wait_lets_queries_pass(self, open_breaker: CircuitBreaker) -> None:
        open_breaker.check_wait()


def test_a_success_ends_the_outage_at_once_and_the_count_begins_again(open_breaker: CircuitBreaker) -> None:
    open_breaker.succeeded()
    for _ in range(FAILURES_TO_OPEN - 1):
        open_breaker.failed()
    open_breaker.check()
