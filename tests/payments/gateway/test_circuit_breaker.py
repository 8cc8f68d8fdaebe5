"""The circuit breaker: five failures in a row open it, one probe at a time closes it again."""

import pytest

from payments.gateway.circuit_breaker import FAILURES_TO_OPEN, OPEN_FOR, CircuitBreaker
from payments.ports.gateway import NotSent
from tests.fakes.clock import SettableClock


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def tripped(clock: SettableClock) -> CircuitBreaker:
    breaker = CircuitBreaker(clock)
    for _ in range(FAILURES_TO_OPEN):
        breaker.check()
        breaker.failed()
    return breaker


def test_a_hiccup_opens_nothing(clock: SettableClock) -> None:
    breaker = CircuitBreaker(clock)
    for _ in range(3):
        for _ in range(FAILURES_TO_OPEN - 1):
            breaker.failed()
        breaker.succeeded()
    breaker.check()


def test_failures_in_a_row_open_it(tripped: CircuitBreaker) -> None:
    with pytest.raises(NotSent):
        tripped.check()


def test_it_stays_open_until_the_wait_is_over(tripped: CircuitBreaker, clock: SettableClock) -> None:
    clock.now += OPEN_FOR * 0.99
    with pytest.raises(NotSent):
        tripped.check()


def test_one_probe_is_let_through_and_the_others_wait_for_it(tripped: CircuitBreaker, clock: SettableClock) -> None:
    clock.now += OPEN_FOR
    tripped.admit()
    for another in (tripped.check, tripped.admit):
        with pytest.raises(NotSent):
            another()


def test_who_only_looks_is_no_probe(tripped: CircuitBreaker, clock: SettableClock) -> None:
    clock.now += OPEN_FOR
    for _ in range(3):
        tripped.check()
    tripped.admit()


def test_a_probe_that_succeeds_closes_it(tripped: CircuitBreaker, clock: SettableClock) -> None:
    clock.now += OPEN_FOR
    tripped.check()
    tripped.succeeded()
    tripped.check()
    tripped.failed()
    tripped.check()


def test_a_probe_that_fails_opens_it_for_another_wait(tripped: CircuitBreaker, clock: SettableClock) -> None:
    clock.now += OPEN_FOR
    tripped.check()
    tripped.failed()
    clock.now += OPEN_FOR * 0.99
    with pytest.raises(NotSent):
        tripped.check()
    clock.now += OPEN_FOR * 0.01
    tripped.check()


def test_a_probe_that_never_reports_does_not_keep_it_open_for_ever(
    tripped: CircuitBreaker, clock: SettableClock
) -> None:
    clock.now += OPEN_FOR
    tripped.check()
    clock.now += OPEN_FOR
    tripped.check()
