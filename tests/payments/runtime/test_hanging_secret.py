"""Secrets Manager hangs: no request with cached keys waits for it longer than a second, and no result is lost."""

import time
from collections.abc import Callable, Iterator
from threading import Event
from typing import Any, TypeVar

import pytest

from payments.runtime.secret_cache import CURRENT, PREVIOUS, Secret
from tests.fakes.clock import SettableClock
from tests.fakes.telemetry import RecordingTelemetry

pytestmark = pytest.mark.slow

Result = TypeVar("Result")
WAIT = 1.6
"""The longest wait of a request, and room for a busy machine."""


class HangingManager:
    """Secrets Manager with reads that wait for `answers`."""

    def __init__(self) -> None:
        self.values = {CURRENT: "one", PREVIOUS: "zero"}
        self.answers = Event()
        self.answers.set()
        self.reads: list[str] = []

    def get_secret_value(self, **kwargs: str) -> dict[str, Any]:
        self.reads.append(kwargs["VersionStage"])
        assert self.answers.wait(30)
        return {"SecretString": self.values[kwargs["VersionStage"]]}


@pytest.fixture
def manager() -> Iterator[HangingManager]:
    manager = HangingManager()
    yield manager
    manager.answers.set()


@pytest.fixture
def secret(manager: HangingManager, clock: SettableClock, telemetry: RecordingTelemetry) -> Secret[str]:
    """Both versions are cached, out of date, and Secrets Manager hangs."""
    secret = Secret(manager, "the-secret", str.upper, clock, telemetry)
    assert secret.versions() == ("ONE", "ZERO")
    clock.forward(minutes=5)
    manager.answers.clear()
    return secret


def timed(call: Callable[[], Result]) -> tuple[Result, float]:
    began = time.monotonic()
    return call(), time.monotonic() - began


def soon(is_true: Callable[[], bool]) -> bool:
    until = time.monotonic() + 5
    while not is_true() and time.monotonic() < until:
        time.sleep(0.01)
    return is_true()


def test_the_first_request_waits_a_moment_and_the_next_ones_not_at_all(
    secret: Secret[str], manager: HangingManager, telemetry: RecordingTelemetry
) -> None:
    value, seconds = timed(secret.current)
    assert (value, seconds < WAIT) == ("ONE", True)
    values, seconds = timed(lambda: {secret.current() for _ in range(100)})
    assert (values, seconds < 0.5) == ({"ONE"}, True)
    assert sorted(manager.reads) == [CURRENT, CURRENT, PREVIOUS]
    assert telemetry.signals == ["secret_unreadable"]


def test_the_read_that_hung_is_used_as_soon_as_it_ends(secret: Secret[str], manager: HangingManager) -> None:
    secret.current()
    manager.values[CURRENT] = "two"
    manager.answers.set()
    assert soon(lambda: secret.current() == "TWO")
    assert manager.reads.count(CURRENT) == 2


def test_no_second_read_begins_while_one_hangs(
    secret: Secret[str], manager: HangingManager, clock: SettableClock
) -> None:
    for _ in range(3):
        assert secret.current() == "ONE"
        clock.forward(seconds=31)
    assert manager.reads.count(CURRENT) == 2


def test_what_was_read_before_the_function_was_frozen_is_read_again(
    secret: Secret[str], manager: HangingManager, clock: SettableClock
) -> None:
    secret.current()
    manager.values[CURRENT] = "two"
    manager.answers.set()
    assert soon(lambda: secret._reading[CURRENT].has_ended)
    clock.forward(hours=1)
    manager.values[CURRENT] = "three"
    assert secret.current() == "TWO"
    assert secret.current() == "THREE"


def test_a_refresh_that_hangs_ends_and_may_be_repeated_soon(
    secret: Secret[str], manager: HangingManager, clock: SettableClock
) -> None:
    done, seconds = timed(secret.refresh)
    assert (done, seconds < WAIT) == (False, True)
    done, seconds = timed(secret.refresh)
    assert (done, seconds < 0.5) == (False, True), "the next one waits until two seconds are over"
    manager.answers.set()
    clock.forward(seconds=2)
    assert secret.refresh()


def test_after_a_rotation_the_version_before_verifies_though_its_read_hangs(
    secret: Secret[str], manager: HangingManager
) -> None:
    manager.answers.set()
    manager.values = {CURRENT: "two", PREVIOUS: "one"}
    assert secret.refresh()
    manager.answers.clear()
    versions, seconds = timed(secret.versions)
    assert (versions, seconds < WAIT) == (("TWO", "ONE"), True)


def test_the_versions_of_a_webhook_wait_for_both_stages_at_most(secret: Secret[str]) -> None:
    versions, seconds = timed(secret.versions)
    assert (versions, seconds < 2 * WAIT) == (("ONE", "ZERO"), True)
